#pragma once

#include <cstdint>

namespace storage {

/// Spreads the bits of a small number over all 64: a hash for tables whose keys are dense.
constexpr std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 32;
  value *= 0xD6E8FEB86659FD93ULL;
  value ^= value >> 32;
  return value;
}

}  // namespace storage
