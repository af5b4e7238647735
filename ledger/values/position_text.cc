#include "ledger/values/position_text.h"

#include <charconv>

namespace ledger {
namespace {

constexpr std::string_view shard = "0-";

}  // namespace

void append_position(std::string& out, Position position) {
  char digits[20];
  const auto written = std::to_chars(digits, digits + sizeof digits, position.value());
  out.append(shard).append(digits, static_cast<std::size_t>(written.ptr - digits));
}

std::string to_string(Position position) {
  std::string text;
  append_position(text, position);
  return text;
}

bool parse_position(std::string_view text, Position& out) {
  if (text.size() <= shard.size() || !text.starts_with(shard)) return false;
  text.remove_prefix(shard.size());
  if (text.front() == '0' && text.size() > 1) return false;
  std::uint64_t offset = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, offset);
  out = Position{offset};
  return read.ec == std::errc() && read.ptr == end;
}

}  // namespace ledger
