#include "ledger/values/ids.h"

#include <algorithm>

#include "ledger/values/hex.h"

namespace ledger {

namespace {

constexpr std::size_t guid_text_size = 36;

/// A dash stands before these bytes.
constexpr bool is_after_dash(std::size_t byte) {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

constexpr std::uint8_t no_digit = 0xFF;

/// The values of hexadecimal digits by character. A table, because whether a random digit is a
/// letter cannot be predicted.
constexpr auto digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::uint8_t digit = 0; digit < 10; ++digit) values['0' + std::size_t{digit}] = digit;
  for (std::uint8_t letter = 0; letter < 6; ++letter) {
    values['a' + std::size_t{letter}] = values['A' + std::size_t{letter}] = 10 + letter;
  }
  return values;
}();

std::uint8_t value_of(char digit) { return digit_values[static_cast<unsigned char>(digit)]; }

}  // namespace

std::optional<Guid> parse_guid(std::string_view text) {
  if (text.size() == guid_text_size + 2 && text.front() == '{' && text.back() == '}') {
    text = text.substr(1, guid_text_size);
  }
  if (text.size() != guid_text_size) return std::nullopt;
  Guid guid;
  const char* next = text.data();
  std::uint8_t seen = 0;
  for (std::size_t i = 0; i < guid.bytes.size(); ++i) {
    if (is_after_dash(i) && *next++ != '-') return std::nullopt;
    const std::uint8_t high = value_of(*next++);
    const std::uint8_t low = value_of(*next++);
    seen |= high | low;
    guid.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (seen > 15) return std::nullopt;
  return guid;
}

void append_guid(std::string& out, const Guid& guid) {
  std::array<char, guid_text_size> text;
  char* end = text.data();
  for (std::size_t i = 0; i < guid.bytes.size(); ++i) {
    if (is_after_dash(i)) *end++ = '-';
    end = put_hex(end, guid.bytes[i]);
  }
  out.append(text.data(), text.size());
}

std::string to_string(const Guid& guid) {
  std::string text;
  append_guid(text, guid);
  return text;
}

bool PracticeId::parse(std::string_view text, PracticeId& out) {
  if (text.empty() || text.size() > digits_max) return false;
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  out = PracticeId();
  std::copy(text.begin(), text.end(), out.digits_.begin());
  out.size_ = static_cast<std::uint8_t>(text.size());
  return true;
}

}  // namespace ledger
