#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/bytes/format.h"
#include "storage/bytes/practice_names.h"
#include "storage/ledger_files/verify.h"

namespace storage {

/// Takes the records of a journal one after another and compares each with what those before it
/// lead to; see verify_journal(). Needs the bytes and the public key alone.
class RecordVerifier {
 public:
  /// `options` must stay.
  explicit RecordVerifier(const VerifyOptions& options);

  /// False when the record is bad, or another one was.
  bool take(ledger::Position key, std::string_view bytes);

  /// The records have come to an end: by themselves, or because the next cannot be read.
  void finish(const std::string& reading_error);

  VerifyReport& report() { return report_; }

 private:
  /// Where the next record has to be.
  ledger::Position next() const { return ledger::Position{report_.last.value() + 1}; }
  void find(ledger::Position position, const std::string& what);
  void cut_off(const std::string& witness);
  /// What is wrong with the record; empty when nothing is.
  std::string check(ledger::Position key, JournalRecord& record);
  std::string check_entries(JournalRecord& record);
  bool is_passed_over(const JournalRecord& record) const;
  /// Takes from a record what those behind it need; the same result as check().
  std::string learn(JournalRecord& record);
  void take_rules(const ledger::CommitGroup& group);
  std::string check(const ledger::ItemEntry& entry);
  std::string check(const ledger::PersonEntry& entry);
  std::string check(const ledger::KeyEntry& entry);
  std::string check(const ledger::AccessLogEntry& entry);
  std::string check(const ledger::StatementEntry& entry);
  std::string check(const auto& /*entry*/) { return {}; }
  std::string check_person(ledger::PersonId person, bool is_new);
  void note(const JournalRecord& record, std::size_t bytes);
  /// Known ends that the records have reached.
  void check_ends();

  const VerifyOptions& options_;
  std::vector<KnownEnd> ends_;
  std::size_t next_end_ = 0;
  VerifyReport report_;
  ledger::Position newest_;  // record
  ledger::RulePackHash rules_{};
  bool has_rules_ = false;
  std::uint64_t persons_ = 0;
  PracticeNames practices_;
  PublicKey key_{};       // signs the next record
  PublicKey next_key_{};  // signs the one behind it
};

}  // namespace storage
