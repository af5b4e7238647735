#include "storage/journal/entry_proofs.h"

#include <optional>
#include <utility>

#include "storage/bytes/entry_format.h"
#include "storage/bytes/format.h"
#include "storage/bytes/merkle.h"

namespace storage {
namespace {

using ledger::Errc;
using ledger::Position;
using ledger::Result;

/// Of the header and of the tallies.
constexpr std::size_t leaves_before_entries = 2;

/// Gives the entry the identifier of its practice, if it is about one.
Result<void> complete(ledger::Entry& entry, const IdentifierOf& identifier_of) {
  ledger::PracticeNumber number;
  ledger::PracticeId* place = nullptr;
  if (ledger::ItemEntry* const item = item_of(entry)) {
    number = item->practice;
    place = &item->item.practice;
  } else if (auto* const practice = std::get_if<ledger::PracticeEntry>(&entry)) {
    number = practice->practice;
    place = &practice->event.practice;
  }
  if (place == nullptr) return ledger::ok();
  auto identifier = identifier_of(number);
  if (!identifier) return identifier.error();
  *place = identifier.value();
  return ledger::ok();
}

/// A record with its tree.
class ProvenRecord {
 public:
  static Result<ProvenRecord> read(const RocksDbJournal& journal, Position position,
                                   const IdentifierOf& identifier_of) {
    auto bytes = journal.record_with(position);
    if (!bytes) return bytes.error();
    ProvenRecord read(std::move(bytes.value()));
    auto record = decode_record(*read.bytes_);
    if (!record) return record.error();
    read.record_ = std::move(record.value());
    for (ledger::Entry& entry : read.record_.group.entries) {
      if (const auto completed = complete(entry, identifier_of); !completed) {
        return completed.error();
      }
    }
    read.tree_.emplace(leaves_of(read.record_));
    if (read.tree_->root() != read.record_.root) return Errc::corrupt_record;
    return read;
  }

  bool has(Position position) const {
    return record_.group.position < position && position < record_.group.next_position();
  }

  EntryProof prove(Position position) const {
    const std::size_t index = position.value() - record_.group.position.value() - 1;
    EntryProof proof{position,
                     "",
                     tree_->path(leaves_before_entries + index),
                     record_.root,
                     record_.key_id,
                     record_.signature};
    StoredNumbers numbers;
    for (const auto& [of, stored] : record_.numbers) {
      if (of == index) numbers = stored;
    }
    encode_leaf(proof.leaf, record_.group.entries[index], numbers);
    return proof;
  }

 private:
  explicit ProvenRecord(std::string bytes)
      : bytes_(std::make_unique<const std::string>(std::move(bytes))) {}

  std::unique_ptr<const std::string> bytes_;  // the record refers to them
  JournalRecord record_;
  std::optional<MerkleTree> tree_;
};

}  // namespace

Result<std::vector<EntryProof>> prove_entries(const RocksDbJournal& journal,
                                              std::span<const Position> positions,
                                              const IdentifierOf& identifier_of) {
  std::vector<EntryProof> proofs;
  proofs.reserve(positions.size());
  std::optional<ProvenRecord> record;
  for (const Position position : positions) {
    if (!record || !record->has(position)) {
      auto read = ProvenRecord::read(journal, position, identifier_of);
      if (!read) return read.error();
      record.emplace(std::move(read.value()));
    }
    if (!record->has(position)) return Errc::corrupt_record;
    proofs.push_back(record->prove(position));
  }
  return proofs;
}

}  // namespace storage
