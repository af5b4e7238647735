#include "storage/bytes/merkle.h"

#include <utility>

#include "ledger/values/assert.h"
#include "storage/crypto/crypto.h"

namespace storage {
namespace {

std::string_view view_of(const ledger::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

ledger::Digest node_hash(const ledger::Digest& left, const ledger::Digest& right) {
  return sha256(std::string_view("\x01", 1), view_of(left), view_of(right));
}

}  // namespace

ledger::Digest MerkleTree::leaf_hash(std::string_view content) {
  return sha256(std::string_view("\x00", 1), content);
}

MerkleTree::MerkleTree(std::vector<ledger::Digest> leaves) {
  LEDGER_ASSERT(!leaves.empty());
  levels_.push_back(std::move(leaves));
  while (levels_.back().size() > 1) {
    const auto& below = levels_.back();
    std::vector<ledger::Digest> level;
    level.reserve((below.size() + 1) / 2);
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
      level.push_back(node_hash(below[i], below[i + 1]));
    }
    if (below.size() % 2 == 1) level.push_back(below.back());
    levels_.push_back(std::move(level));
  }
}

std::vector<ledger::MerkleStep> MerkleTree::path(std::size_t leaf) const {
  std::vector<ledger::MerkleStep> steps;
  steps.reserve(levels_.size());
  for (const auto& level : levels_) {
    const std::size_t neighbour = leaf ^ 1U;
    if (neighbour < level.size()) steps.push_back({neighbour < leaf, level[neighbour]});
    leaf /= 2;
  }
  return steps;
}

}  // namespace storage
