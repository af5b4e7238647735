#include "storage/bytes/merkle.h"

#include <gtest/gtest.h>

#include <string>

#include "storage/crypto/crypto.h"

namespace storage::test {
namespace {

using ledger::Digest;

std::string_view view_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// RFC 6962, section 2.1, word by word.
Digest root_by_definition(const std::vector<Digest>& leaves) {
  if (leaves.size() == 1) return leaves.front();
  std::size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(split);
  const Digest left = root_by_definition({leaves.begin(), middle});
  const Digest right = root_by_definition({middle, leaves.end()});
  return sha256("\x01", view_of(left), view_of(right));
}

/// What somebody who holds a receipt does.
Digest walk(Digest at, const std::vector<ledger::MerkleStep>& path) {
  for (const ledger::MerkleStep& step : path) {
    at = step.is_left ? sha256("\x01", view_of(step.hash), view_of(at))
                      : sha256("\x01", view_of(at), view_of(step.hash));
  }
  return at;
}

std::vector<Digest> leaves_of(std::size_t count) {
  std::vector<Digest> leaves;
  for (std::size_t i = 0; i < count; ++i) {
    leaves.push_back(MerkleTree::leaf_hash("results of request " + std::to_string(i)));
  }
  return leaves;
}

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

TEST(MerkleTree, gives_the_published_values_of_certificate_transparency) {
  EXPECT_EQ(to_hex(MerkleTree::leaf_hash("")),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  std::vector<Digest> leaves;
  for (const char* hex : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                          "606162636465666768696a6b6c6d6e6f"}) {
    leaves.push_back(MerkleTree::leaf_hash(bytes_of(hex)));
  }
  EXPECT_EQ(to_hex(MerkleTree(leaves).root()),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST(MerkleTree, has_the_root_of_the_definition_for_every_number_of_leaves) {
  for (std::size_t count = 1; count <= 70; ++count) {
    const std::vector<Digest> leaves = leaves_of(count);
    EXPECT_EQ(MerkleTree(leaves).root(), root_by_definition(leaves)) << count << " leaves";
  }
}

TEST(MerkleTree, leads_from_every_leaf_to_the_root) {
  for (std::size_t count = 1; count <= 70; ++count) {
    const std::vector<Digest> leaves = leaves_of(count);
    const MerkleTree tree(leaves);
    for (std::size_t leaf = 0; leaf < count; ++leaf) {
      EXPECT_EQ(walk(leaves[leaf], tree.path(leaf)), tree.root()) << leaf << " of " << count;
    }
  }
}

TEST(MerkleTree, leads_no_other_leaf_to_the_root) {
  const std::vector<Digest> leaves = leaves_of(13);
  const MerkleTree tree(leaves);
  for (std::size_t path = 0; path < leaves.size(); ++path) {
    for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      if (leaf != path) {
        EXPECT_NE(walk(leaves[leaf], tree.path(path)), tree.root());
      }
    }
  }
}

TEST(MerkleTree, takes_an_inner_node_for_no_leaf) {
  const std::vector<Digest> leaves = leaves_of(2);
  const std::string both = std::string(view_of(leaves[0])) + std::string(view_of(leaves[1]));
  EXPECT_NE(MerkleTree::leaf_hash(both), MerkleTree(leaves).root());
}

}  // namespace
}  // namespace storage::test
