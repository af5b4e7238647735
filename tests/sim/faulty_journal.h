#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ports/journal.h"

namespace sim {

/// The disk under the journal: keeps records in the real format, survives every crash, and fails
/// when told to.
///
/// Fault model: an append leaves all of its records, the first few or none, each of them whole (a
/// torn write is found by its checksum and dropped; the storage tests do that on real files). In
/// each case the writer may be told that it failed. What was kept is never changed.
class FaultyJournal final : public ledger::Journal {
 public:
  /// The next append fails, and so many of its groups are kept.
  void fail_next(std::size_t kept) { kept_of_next_ = kept; }

  void append(std::span<const ledger::AnsweredGroup> groups, Appended appended) override {
    appended(write(groups));
  }
  ledger::Position next_position() const override { return next_position_; }
  ledger::Instant newest_commit() const override { return newest_commit_; }
  ledger::Result<ledger::Entry> entry_at(ledger::Position position) const override;

  /// Keeps a record that another journal made, after those that are there. Throws CheckFailed when
  /// it does not decode.
  void keep(ledger::Position position, std::string_view bytes);

  /// Every group from the one at `first` on, decoded, in order; until `use` returns an error.
  ledger::Result<void> replay(
      ledger::Position first,
      const std::function<ledger::Result<void>(const ledger::CommitGroup&)>& use) const;

  /// Checks that positions continue, that each record names the root of the one before, and that
  /// each root is that of its leaves. Throws CheckFailed.
  void check_chain() const;

 private:
  ledger::Result<std::vector<ledger::Seal>> write(std::span<const ledger::AnsweredGroup> groups);
  struct Record {
    ledger::Position position;
    std::string bytes;
  };

  ledger::Seal keep(const ledger::AnsweredGroup& answered);

  std::optional<std::size_t> kept_of_next_;  // when it is to fail
  std::vector<Record> records_;
  ledger::Position next_position_{1};
  ledger::Instant newest_commit_ = ledger::first_instant;
  ledger::Digest head_root_{};
};

}  // namespace sim
