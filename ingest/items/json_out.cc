#include "ingest/items/json_out.h"

#include <algorithm>
#include <charconv>

#include "ledger/values/hex.h"
#include "ledger/values/position_text.h"

namespace ingest {

void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  const auto written = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, static_cast<std::size_t>(written.ptr - digits));
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      const auto byte = static_cast<std::uint8_t>(c);
      ledger::append_hex(out, {&byte, 1});
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string shown_name(std::string_view name) {
  constexpr std::size_t bytes_max = 64;
  std::string shown(name.substr(0, bytes_max));
  // Never cut within a UTF-8 sequence.
  if (name.size() > bytes_max) {
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0U) == 0x80) {
      shown.pop_back();
    }
    if (!shown.empty() && static_cast<unsigned char>(shown.back()) >= 0xC0) shown.pop_back();
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto digits = std::count_if(shown.begin(), shown.end(), is_digit);
  if (digits >= 6) std::replace_if(shown.begin(), shown.end(), is_digit, '*');
  return shown;
}

void append_position(std::string& out, ledger::Position position) {
  out += '"';
  ledger::append_position(out, position);
  out += '"';
}

}  // namespace ingest
