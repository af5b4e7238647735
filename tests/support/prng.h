#pragma once

#include <cstdint>
#include <span>

namespace ledger::test {

/// A small generator of pseudo-random integers (splitmix64). The same seed gives the same numbers
/// with every compiler and library, which the distributions of <random> do not promise.
class Prng {
 public:
  explicit constexpr Prng(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    return mix(state_);
  }

  /// Evenly from 0 to `bound` - 1; `bound` is above 0.
  constexpr std::uint64_t below(std::uint64_t bound) {
    // What the highest incomplete run of `bound` numbers would add to the small ones is drawn anew.
    const std::uint64_t incomplete = (0 - bound) % bound;
    std::uint64_t drawn = next();
    while (drawn < incomplete) drawn = next();
    return drawn % bound;
  }

  /// True `numerator` times out of `denominator`.
  constexpr bool chance(std::uint64_t numerator, std::uint64_t denominator) {
    return below(denominator) < numerator;
  }

  template <class T>
  constexpr const T& pick(std::span<const T> from) {
    return from[below(from.size())];
  }

  /// Spreads every bit of `value` over the whole result: also a simple hash.
  static constexpr std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace ledger::test
