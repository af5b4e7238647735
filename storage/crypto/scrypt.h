#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace storage {

/// What working out one key costs; see RFC 7914. N 16384 and r 8 take 16 MiB, and some 50 ms of a
/// processor.
struct ScryptCost {
  std::uint64_t n = 16384;
  std::uint64_t r = 8;
  std::uint64_t p = 1;
};

/// The scrypt (RFC 7914) of a secret and a salt, of so many bytes: slow on purpose, so that who has
/// the result needs days to try all secrets. At most 64 MiB are taken. Throws std::runtime_error
/// when they are not to be had, or the cost is none.
std::string scrypt(std::string_view secret, std::string_view salt, const ScryptCost& cost,
                   std::size_t bytes);

}  // namespace storage
