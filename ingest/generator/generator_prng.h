#pragma once

#include <cstdint>

namespace ingest {

/// The mixing step of splitmix64: a bijection in which every bit of the argument matters.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// splitmix64 with a random start, addressed by index: what is drawn for one thing does not depend
/// on what was drawn for others, and nothing needs to be kept to draw it again. The standard
/// library's distributions are not used, as their results differ between libraries.
class RandomStream {
 public:
  constexpr RandomStream(std::uint64_t seed, std::uint64_t stream)
      : key_(mix64(mix64(seed ^ golden) + stream * golden)) {}
  constexpr std::uint64_t at(std::uint64_t index) const {
    return mix64(key_ + (index + 1) * golden);
  }

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15U;
  std::uint64_t key_;
};

/// Hands out the bits of one random word.
class RandomBits {
 public:
  explicit constexpr RandomBits(std::uint64_t word) : word_(word) {}
  /// The next `count` bits; all calls together at most 64.
  constexpr std::uint32_t take(unsigned count) {
    const std::uint64_t bits = word_ & ((std::uint64_t{1} << count) - 1);
    word_ >>= count;
    return static_cast<std::uint32_t>(bits);
  }
  /// A number below `limit`, made of 16 bits: for limits far below 65 536.
  constexpr std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>((std::uint64_t{take(16)} * limit) >> 16);
  }

 private:
  std::uint64_t word_;
};

}  // namespace ingest
