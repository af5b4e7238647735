#include "storage/verify.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_set>

#include "storage/format.h"
#include "storage/merkle.h"
#include "storage/rocksdb_internal.h"
#include "storage/rocksdb_journal.h"
#include "storage/state_reader.h"
#include "storage/state_store.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
using ledger::Position;
using ledger::Result;

std::string text_of(Position position) { return "0-" + std::to_string(position.value()); }

/// Takes the records one after another and compares each with what those before it lead to.
class Verifier {
 public:
  explicit Verifier(const VerifyOptions& options) : options_(options), ends_(options.known_ends) {
    report_.key_id = key_id_of(options.public_key);
    std::stable_sort(ends_.begin(), ends_.end(),
                     [](const KnownEnd& a, const KnownEnd& b) { return a.position < b.position; });
    check_ends();  // those of an empty journal
  }

  /// False when the record is bad, or another one was.
  bool take(Position key, std::string_view bytes) {
    if (report_.finding) return false;
    if (key != next()) {
      if (key < next()) {
        find(key, "begins before the record in front of it ends");
      } else {
        find(next(), "is missing: the next one is at " + text_of(key));
      }
      return false;
    }
    const auto decoded = decode_record(bytes);
    std::string wrong = decoded
                            ? check(key, decoded.value())
                            : "does not decode: its bytes were cut short or changed, or were not "
                              "written by this program";
    if (!wrong.empty()) {
      find(key, wrong);
      return false;
    }
    note(decoded.value(), bytes.size());
    check_ends();
    return !report_.finding;
  }

  /// The records have come to an end: by themselves, or because the next cannot be read.
  void finish(const std::string& reading_error) {
    if (report_.finding) {
      if (!reading_error.empty()) report_.finding->what += "; " + reading_error;
      return;
    }
    if (!reading_error.empty()) {
      find(next(), "cannot be read: " + reading_error);
    } else if (report_.state_position && *report_.state_position > report_.last) {
      cut_off("the state has applied it up to " + text_of(*report_.state_position));
    } else if (next_end_ < ends_.size()) {
      const KnownEnd& end = ends_[next_end_];
      cut_off(end.source + " knows it up to " + text_of(end.position));
    }
  }

  VerifyReport& report() { return report_; }

 private:
  /// Where the next record has to be.
  Position next() const { return Position{report_.last.value() + 1}; }

  void find(Position position, const std::string& what) {
    report_.finding = Finding{position, "record at " + text_of(position) + ": " + what};
  }

  void cut_off(const std::string& witness) {
    find(next(), "is missing: the journal ends at " + text_of(report_.last) + ", but " + witness +
                     ": its end was cut off");
  }

  /// What is wrong with the record; empty when nothing is.
  std::string check(Position key, const JournalRecord& record) {
    const ledger::CommitGroup& group = record.group;
    if (group.position != key) {
      return "is not the one that belongs there: its content says " + text_of(group.position);
    }
    if (record.previous_root != report_.root) {
      return "does not follow the record before it: one of the two was replaced (previous root)";
    }
    std::vector<Digest> leaves{MerkleTree::leaf_hash(record.content)};
    leaves.insert(leaves.end(), record.leaves.begin(), record.leaves.end());
    if (MerkleTree(std::move(leaves)).root() != record.root) {
      return "was changed after it was sealed: content and answers do not give its root";
    }
    if (record.key_id != report_.key_id) {
      return "is signed with another key: " + record.key_id + ", not " + report_.key_id;
    }
    if (!is_signed_by(options_.public_key, record.root, record.signature)) {
      return "signature does not fit: made with another key, or changed afterwards";
    }
    if (group.new_rules) {
      rules_ = sha256(ledger::RulePack::canonical_text(*group.new_rules));
      has_rules_ = true;
    }
    if (!has_rules_ || group.rule_pack != rules_) {
      return "was decided under rules that the journal does not hold (hash of the rule pack)";
    }
    for (const ledger::Entry& entry : group.entries) {
      std::string wrong = check(entry);
      if (!wrong.empty()) return wrong;
    }
    return {};
  }

  std::string check(const ledger::Entry& entry) {
    const auto entry_is = [&](const std::string& wrong) {
      return "its entry at " + text_of(entry.verdict.position) + " " + wrong;
    };
    if (entry.is_new_person) ++persons_;
    if (entry.person.value() == 0 || entry.person.value() > persons_ ||
        (entry.is_new_person && entry.person.value() != persons_)) {
      return entry_is("names a person out of turn");
    }
    if (entry.is_new_practice) practices_.emplace(entry.item.practice.view());
    if (entry.practice.value() == 0 || entry.practice.value() > practices_.size() ||
        (entry.is_new_practice && entry.practice.value() != practices_.size())) {
      return entry_is("names a practice out of turn");
    }
    return {};
  }

  void note(const JournalRecord& record, std::size_t bytes) {
    const ledger::CommitGroup& group = record.group;
    if (report_.records == 0) report_.first = group.position;
    newest_ = group.position;
    ++report_.records;
    report_.entries += group.entries.size();
    report_.bytes += bytes;
    report_.last = Position{group.next_position().value() - 1};
    report_.root = record.root;
  }

  /// Known ends that the records have reached.
  void check_ends() {
    for (; next_end_ < ends_.size() && ends_[next_end_].position <= report_.last; ++next_end_) {
      const KnownEnd& end = ends_[next_end_];
      if (end.position == report_.last && end.root == report_.root) continue;
      find(newest_, "is not the one that " + end.source + " was made of, up to " +
                        text_of(end.position) + ": the journal was replaced (root)");
      return;
    }
  }

  const VerifyOptions& options_;
  std::vector<KnownEnd> ends_;
  std::size_t next_end_ = 0;
  VerifyReport report_;
  Position newest_;  // record
  ledger::RulePackHash rules_{};
  bool has_rules_ = false;
  std::uint64_t persons_ = 0;
  std::unordered_set<std::string> practices_;
};

/// The journal as it is now; opened past the damage where there is some, and `damage` then says
/// which. Nothing when that does not help either.
std::optional<JournalReader> open_journal(const fs::path& folder, std::string& damage) {
  std::optional<JournalReader> journal;
  // A server that has the journal open may replace a file between its listing and its opening;
  // damage is there each time.
  for (int attempt = 0; attempt < 3; ++attempt) {
    try {
      journal.emplace(folder);
      damage.clear();
      return journal;
    } catch (const DamagedDatabase& error) {
      damage = error.what();
    }
  }
  try {
    journal.emplace(folder, JournalReader::Damage::skipped);
  } catch (const DamagedDatabase&) {
    journal.reset();
  }
  return journal;
}

/// Where the state says the journal ends, at least. Derived state that cannot be read says nothing:
/// it can be made again.
std::optional<Position> state_position_of(const fs::path& folder) {
  if (!fs::exists(folder / "CURRENT")) return std::nullopt;
  try {
    return Position{StateReader(folder).applied().next_position.value() - 1};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

VerifyReport verify_journal(const VerifyOptions& options) {
  const fs::path folder = options.folder / "journal";
  if (!fs::exists(folder / "CURRENT")) {
    throw std::runtime_error("there is no journal in " + folder.string());
  }
  Verifier verifier(options);
  // Before the journal, which a server may be adding to.
  verifier.report().state_position = state_position_of(options.folder / "state");

  std::string reading_error;
  const std::optional<JournalReader> journal = open_journal(folder, reading_error);
  if (!journal) {
    verifier.report().finding = Finding{Position(), reading_error};
    return verifier.report();
  }
  const std::uint64_t total = journal->records_estimate();
  const auto read =
      journal->for_each(Position(), [&](Position key, std::string_view bytes) -> Result<void> {
        if (!verifier.take(key, bytes)) return ledger::Errc::corrupt_record;
        if (options.on_progress) options.on_progress(verifier.report().records, total);
        return ledger::ok();
      });
  if (!read && !verifier.report().finding && reading_error.empty()) {
    reading_error = read.error().message();
  }
  verifier.finish(reading_error);
  return verifier.report();
}

}  // namespace storage
