#pragma once

#include <string_view>
#include <vector>

#include "ledger/ports/journal.h"

namespace storage {

/// A Merkle tree over SHA-256 as in RFC 6962: a leaf is hashed after a byte 0, an inner node after
/// a byte 1, so that neither can pass for the other. A node without a right neighbour moves up as
/// it is.
class MerkleTree {
 public:
  static ledger::Digest leaf_hash(std::string_view content);

  /// At least one leaf.
  explicit MerkleTree(std::vector<ledger::Digest> leaves);

  const ledger::Digest& root() const { return levels_.back().front(); }
  /// The neighbours that lead from a leaf to the root.
  std::vector<ledger::MerkleStep> path(std::size_t leaf) const;

 private:
  std::vector<std::vector<ledger::Digest>> levels_;
};

}  // namespace storage
