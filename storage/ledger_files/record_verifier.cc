#include "storage/ledger_files/record_verifier.h"

#include <algorithm>

#include "ledger/values/position_text.h"
#include "storage/bytes/merkle.h"

namespace storage {
namespace {

using ledger::Position;

}  // namespace

RecordVerifier::RecordVerifier(const VerifyOptions& options)
    : options_(options), ends_(options.known_ends), key_(options.public_key) {
  report_.key_id = key_id_of(options.public_key);
  report_.keys.push_back(options.public_key);
  std::stable_sort(ends_.begin(), ends_.end(),
                   [](const KnownEnd& a, const KnownEnd& b) { return a.position < b.position; });
  check_ends();  // those of an empty journal
}

bool RecordVerifier::take(Position key, std::string_view bytes) {
  if (report_.finding) return false;
  if (key != next()) {
    if (key < next()) {
      find(key, "begins before the record in front of it ends");
    } else {
      find(next(), "is missing: the next one is at " + to_string(key));
    }
    return false;
  }
  auto decoded = decode_record(bytes);
  std::string wrong;
  if (!decoded) {
    wrong = fault_of_record(bytes);
  } else {
    const bool is_passed = is_passed_over(decoded.value());
    wrong = is_passed ? learn(decoded.value()) : check(key, decoded.value());
  }
  if (!wrong.empty()) {
    find(key, wrong);
    return false;
  }
  note(decoded.value(), bytes.size());
  check_ends();
  return !report_.finding;
}

void RecordVerifier::finish(const std::string& reading_error) {
  if (report_.finding) {
    if (!reading_error.empty()) report_.finding->what += "; " + reading_error;
    return;
  }
  if (!reading_error.empty()) {
    find(next(), "cannot be read: " + reading_error);
  } else if (report_.state_position && *report_.state_position > report_.last) {
    cut_off("the state has applied it up to " + to_string(*report_.state_position));
  } else if (next_end_ < ends_.size()) {
    const KnownEnd& end = ends_[next_end_];
    cut_off(end.source + " knows it up to " + to_string(end.position));
  }
}

void RecordVerifier::find(Position position, const std::string& what) {
  report_.finding = Finding{position, "record at " + to_string(position) + ": " + what};
}

void RecordVerifier::cut_off(const std::string& witness) {
  find(next(), "is missing: the journal ends at " + to_string(report_.last) + ", but " + witness +
                   ": its end was cut off");
}

bool RecordVerifier::is_passed_over(const JournalRecord& record) const {
  return record.group.next_position() <= options_.since;
}

std::string RecordVerifier::learn(JournalRecord& record) {
  ++report_.passed_over;
  take_rules(record.group);
  return check_entries(record);
}

void RecordVerifier::take_rules(const ledger::CommitGroup& group) {
  if (!group.new_rules) return;
  rules_ = sha256(ledger::RulePack::canonical_text(*group.new_rules));
  has_rules_ = true;
}

std::string RecordVerifier::check(Position key, JournalRecord& record) {
  ledger::CommitGroup& group = record.group;
  if (group.position != key) {
    return "is not the one that belongs there: its content says " + to_string(group.position);
  }
  if (record.previous_root != report_.root) {
    return "does not follow the record before it: one of the two was replaced (previous root)";
  }
  std::string wrong = check_entries(record);
  if (!wrong.empty()) return wrong;
  if (MerkleTree(leaves_of(record)).root() != record.root) {
    return "was changed after it was sealed: content and answers do not give its root";
  }
  const std::string key_id = key_id_of(key_);
  if (record.key_id != key_id) {
    return "is signed with another key: " + record.key_id + ", not " + key_id;
  }
  if (!is_signed_by(key_, record.root, record.signature)) {
    return "signature does not fit: made with another key, or changed afterwards";
  }
  take_rules(group);
  if (!has_rules_ || group.rule_pack != rules_) {
    return "was decided under rules that the journal does not hold (hash of the rule pack)";
  }
  return {};
}

std::string RecordVerifier::check_entries(JournalRecord& record) {
  next_key_ = key_;
  for (ledger::Entry& entry : record.group.entries) {
    std::string wrong = std::visit([this](const auto& kind) { return check(kind); }, entry);
    if (wrong.empty() && !practices_.complete(entry)) wrong = "names a practice out of turn";
    if (wrong.empty()) continue;
    return "its entry at " + to_string(position_of(entry)) + " " + wrong;
  }
  for (const auto& [index, numbers] : record.numbers) {
    for (const StoredNumber& number : numbers) report_.erased += number.is_erased ? 1 : 0;
  }
  return {};
}

std::string RecordVerifier::check(const ledger::ItemEntry& entry) {
  if (entry.person.value() == 0) return {};
  return check_person(entry.person, entry.is_new_person);
}

std::string RecordVerifier::check(const ledger::PersonEntry& entry) {
  std::string wrong = check_person(entry.person, entry.is_new_person);
  if (wrong.empty() && entry.other.value() > persons_) wrong = "names a person out of turn";
  return wrong;
}

std::string RecordVerifier::check(const ledger::KeyEntry& entry) {
  if (!is_signed_by(key_, key_change_text(entry.key), entry.signature)) {
    return "names another key that the key before does not vouch for";
  }
  next_key_ = entry.key;
  report_.keys.push_back(entry.key);
  return {};
}

std::string RecordVerifier::check(const ledger::AccessLogEntry& entry) {
  report_.access_log_heads.push_back(entry);
  return {};
}

std::string RecordVerifier::check(const ledger::StatementEntry& entry) {
  report_.statements.push_back(entry);
  return {};
}

std::string RecordVerifier::check_person(ledger::PersonId person, bool is_new) {
  if (is_new) ++persons_;
  const bool is_in_turn =
      person.value() != 0 && person.value() <= persons_ && (!is_new || person.value() == persons_);
  return is_in_turn ? std::string() : "names a person out of turn";
}

void RecordVerifier::note(const JournalRecord& record, std::size_t bytes) {
  const ledger::CommitGroup& group = record.group;
  if (report_.records == 0) report_.first = group.position;
  newest_ = group.position;
  ++report_.records;
  report_.entries += group.entries.size();
  report_.bytes += bytes;
  key_ = next_key_;
  report_.last = Position{group.next_position().value() - 1};
  report_.root = record.root;
}

void RecordVerifier::check_ends() {
  for (; next_end_ < ends_.size() && ends_[next_end_].position <= report_.last; ++next_end_) {
    const KnownEnd& end = ends_[next_end_];
    if (end.position == report_.last && end.root == report_.root) continue;
    find(newest_, "is not the one that " + end.source + " was made of, up to " +
                      to_string(end.position) + ": the journal was replaced (root)");
    return;
  }
}

}  // namespace storage
