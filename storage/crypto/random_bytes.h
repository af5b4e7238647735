#pragma once

#include <cstdint>
#include <span>

namespace storage {

/// Fills `bytes` with random bytes that nobody can guess. Throws std::runtime_error when the system
/// gives none.
void fill_random(std::span<std::uint8_t> bytes);

}  // namespace storage
