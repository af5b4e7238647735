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

/// The value of a hexadecimal digit; 16 or more for anything else.
constexpr unsigned nibble_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

}  // namespace

std::optional<Guid> parse_guid(std::string_view text) {
  if (text.size() == guid_text_size + 2 && text.front() == '{' && text.back() == '}') {
    text = text.substr(1, guid_text_size);
  }
  if (text.size() != guid_text_size) return std::nullopt;
  Guid guid;
  const char* next = text.data();
  for (std::size_t i = 0; i < guid.bytes.size(); ++i) {
    if (is_after_dash(i) && *next++ != '-') return std::nullopt;
    const unsigned high = nibble_of(*next++);
    const unsigned low = nibble_of(*next++);
    if ((high | low) > 15) return std::nullopt;
    guid.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
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
