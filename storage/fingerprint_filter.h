#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ledger/ids.h"

namespace storage {

/// Tells of nearly every fingerprint that was never added that it was not: a Bloom filter in blocks
/// of one cache line. It grows by parts, each twice as large as the one before.
///
/// Concurrency: as a standard container.
class FingerprintFilter {
 public:
  /// Memory is taken from the system as it is touched, never more than `bytes_max`.
  explicit FingerprintFilter(std::size_t bytes_max) : bytes_left_(bytes_max) {}

  /// False when there is no room: then the filter says nothing of this key.
  bool add(const ledger::Fingerprint& key);
  /// False: it was never added. Also true of about one in five hundred that were not.
  bool may_contain(const ledger::Fingerprint& key) const;
  /// Says that the key is going to be asked for or added.
  void prefetch(const ledger::Fingerprint& key) const;

 private:
  struct Block {
    std::array<std::uint64_t, 8> words;
  };
  struct Unmap {
    std::size_t count = 0;
    void operator()(Block* blocks) const;
  };
  using Part = std::unique_ptr<Block[], Unmap>;

  static Block& block_of(const Part& part, const ledger::Fingerprint& key);
  bool grow();

  std::size_t bytes_left_;
  std::vector<Part> parts_;
  std::uint64_t room_ = 0;  // for keys, in the last part
};

}  // namespace storage
