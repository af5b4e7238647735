#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Bytes as hexadecimal digits, in lower case.
namespace ledger {

/// The two digits of each byte, one pair after another.
inline constexpr std::array<char, 512> hex_pairs = [] {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    pairs[2 * byte] = digits[byte / 16];
    pairs[2 * byte + 1] = digits[byte % 16];
  }
  return pairs;
}();

/// Writes the two digits of a byte; returns their end.
inline char* put_hex(char* out, std::uint8_t byte) {
  std::memcpy(out, &hex_pairs[std::size_t{2} * byte], 2);
  return out + 2;
}

void append_hex(std::string& out, std::span<const std::uint8_t> bytes);

std::string to_hex(std::span<const std::uint8_t> bytes);
std::string to_hex(std::string_view bytes);

/// The bytes that digits stand for; nothing when they are not digits, or no whole bytes.
std::optional<std::string> from_hex(std::string_view digits);

}  // namespace ledger
