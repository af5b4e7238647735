#include "tests/sim/faulty_journal.h"

#include <algorithm>
#include <utility>

#include "storage/bytes/format.h"
#include "storage/bytes/merkle.h"
#include "storage/bytes/practice_names.h"
#include "tests/sim/check.h"

namespace sim {

using ledger::Digest;
using ledger::Position;
using ledger::Result;
using storage::MerkleTree;

Result<std::vector<ledger::Seal>> FaultyJournal::write(
    std::span<const ledger::AnsweredGroup> groups) {
  const auto kept = std::exchange(kept_of_next_, std::nullopt);
  std::vector<ledger::Seal> seals;
  for (const ledger::AnsweredGroup& answered : groups.first(kept.value_or(groups.size()))) {
    seals.push_back(keep(answered));
  }
  if (kept) return ledger::Errc::store_unavailable;
  return seals;
}

Result<ledger::Entry> FaultyJournal::entry_at(Position position) const {
  const auto after = std::upper_bound(
      records_.begin(), records_.end(), position,
      [](Position place, const Record& record) { return place < record.position; });
  if (after == records_.begin()) return ledger::Errc::corrupt_record;
  return storage::decode_entry_at(std::prev(after)->bytes, position);
}

ledger::Seal FaultyJournal::keep(const ledger::AnsweredGroup& answered) {
  const auto& [group, result_texts] = answered;
  check(group.position == next_position_, "a group follows on the one before");
  storage::EncodedContent content = storage::encode_content(group, head_root_, {});
  std::string& record = content.bytes;
  const std::string fault = storage::fault_of_content(record, group, head_root_);
  if (!fault.empty()) fail("what is written cannot be read again: " + fault);
  std::vector<Digest>& leaves = content.leaves;
  const std::size_t first = leaves.size();
  for (const std::string& text : result_texts) leaves.push_back(MerkleTree::leaf_hash(text));
  const MerkleTree tree(leaves);
  ledger::Seal seal;
  seal.root = tree.root();
  seal.key_id = "simulation";
  for (std::size_t i = 0; i < result_texts.size(); ++i) seal.paths.push_back(tree.path(first + i));
  storage::append_seal(record, std::span(leaves).subspan(first), seal);

  records_.push_back({group.position, std::move(record)});
  head_root_ = seal.root;
  next_position_ = group.next_position();
  newest_commit_ = group.committed_at;
  return seal;
}

void FaultyJournal::keep(Position position, std::string_view bytes) {
  const auto decoded = storage::decode_record(bytes);
  check(decoded.has_value(), "a record of the journal decodes");
  records_.push_back({position, std::string(bytes)});
  head_root_ = decoded.value().root;
  next_position_ = decoded.value().group.next_position();
  newest_commit_ = decoded.value().group.committed_at;
}

Result<void> FaultyJournal::replay(
    Position first, const std::function<Result<void>(const ledger::CommitGroup&)>& use) const {
  auto record = std::lower_bound(
      records_.begin(), records_.end(), first,
      [](const Record& before, Position position) { return before.position < position; });
  for (; record != records_.end(); ++record) {
    const auto decoded = storage::decode_record(record->bytes);
    if (!decoded) return decoded.error();
    const auto used = use(decoded.value().group);
    if (!used) return used.error();
  }
  return ledger::ok();
}

void FaultyJournal::check_chain() const {
  Position expected_position{1};
  Digest expected_previous{};
  storage::PracticeNames practices;
  for (const Record& record : records_) {
    auto decoded = storage::decode_record(record.bytes);
    check(decoded.has_value(), "a record of the journal decodes");
    const storage::JournalRecord& sealed = decoded.value();
    check(sealed.group.position == expected_position, "positions of groups continue");
    for (const ledger::Entry& entry : sealed.group.entries) {
      expected_position = Position{expected_position.value() + 1};
      check(position_of(entry) == expected_position, "positions of entries continue");
    }
    check(sealed.previous_root == expected_previous, "a record names the root of the one before");
    for (ledger::Entry& entry : decoded.value().group.entries) {
      check(practices.complete(entry), "practices come in turn");
    }
    check(MerkleTree(leaves_of(sealed)).root() == sealed.root, "a root is that of its leaves");
    expected_position = sealed.group.next_position();
    expected_previous = sealed.root;
  }
  check(expected_position == next_position_, "the last record ends the journal");
}

}  // namespace sim
