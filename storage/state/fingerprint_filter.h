#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ledger/values/ids.h"

namespace storage {

/// A Bloom filter in blocks of one cache line. It says of a fingerprint that it was never added, or
/// that it may have been. It grows by parts, each twice as large as the one before. A lookup asks
/// every part.
///
/// Concurrency: as a standard container.
class FingerprintFilter {
 public:
  /// For eight million keys.
  static constexpr std::size_t usual_first_bytes = std::size_t{16} << 20;

  /// Takes at most `bytes_max`. The system gives the memory as it is touched, which is soon after a
  /// part was begun. The first part has `first_bytes`, or more if it needs them for `keys`.
  explicit FingerprintFilter(std::size_t bytes_max, std::uint64_t keys = 0,
                             std::size_t first_bytes = usual_first_bytes)
      : bytes_left_(bytes_max), next_bytes_(std::max(first_bytes, bytes_for(keys + keys / 8))) {}

  static std::size_t bytes_for(std::uint64_t keys);

  /// False when there is no room: then the filter says nothing of this key. Throws std::bad_alloc.
  bool add(const ledger::Fingerprint& key);
  /// False: the key was never added. True may be wrong: for each part, of one in a thousand keys
  /// that were never added.
  bool may_contain(const ledger::Fingerprint& key) const;
  /// The caller is going to ask for this key or add it.
  void prefetch(const ledger::Fingerprint& key) const;

 private:
  struct Block {
    std::array<std::uint64_t, 8> words;
  };
  // Not a vector, which would touch all memory at once: the writer would wait for it.
  struct Unmap {
    std::size_t count = 0;
    void operator()(Block* blocks) const;
  };
  using Part = std::unique_ptr<Block[], Unmap>;

  static Block& block_of(const Part& part, const ledger::Fingerprint& key);
  bool grow();

  std::size_t bytes_left_;
  std::size_t next_bytes_;
  std::vector<Part> parts_;
  std::uint64_t room_ = 0;  // for keys, in the last part
};

}  // namespace storage
