#include "ledger/ids.h"

#include <algorithm>

namespace ledger {

std::string to_string(const Guid& guid) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < guid.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[guid.bytes[i] >> 4];
    text += digits[guid.bytes[i] & 15];
  }
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
