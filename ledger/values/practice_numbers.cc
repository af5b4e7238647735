#include "ledger/values/practice_numbers.h"

#include <algorithm>
#include <array>

namespace ledger {
namespace {

bool are_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_organisation_number(std::string_view text) {
  constexpr std::array<int, organisation_number_digits> weights{3, 2, 7, 6, 5, 4, 3, 2, 1};
  if (text.size() != weights.size() || !are_digits(text)) return false;
  int sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * (text[i] - '0');
  return sum % 11 == 0;
}

bool is_hpr_number(std::string_view text) {
  return !text.empty() && text.size() <= hpr_number_digits_max && are_digits(text);
}

}  // namespace ledger
