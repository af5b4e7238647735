#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "storage/journal/rocksdb_journal.h"

namespace storage {

/// What proves one entry by itself: the bytes of its leaf, and the way from there to a signed root.
struct EntryProof {
  ledger::Position position;
  std::string leaf;
  std::vector<ledger::MerkleStep> path;
  ledger::Digest root{};
  std::string key_id;
  ledger::Signature signature{};
};

/// The identifier that a practice uses itself: a record may have its number alone.
using IdentifierOf =
    std::function<ledger::Result<ledger::PracticeId>(ledger::PracticeNumber practice)>;

/// The proofs of the entries at these positions, in the same order. A record is read once when its
/// positions stand side by side. `corrupt_record` when there is no entry at one of them.
ledger::Result<std::vector<EntryProof>> prove_entries(const RocksDbJournal& journal,
                                                      std::span<const ledger::Position> positions,
                                                      const IdentifierOf& identifier_of);

}  // namespace storage
