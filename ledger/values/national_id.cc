#include "ledger/values/national_id.h"

#include <array>

namespace ledger {
namespace {

constexpr std::array<unsigned, 9> first_weights{3, 7, 6, 1, 8, 9, 4, 5, 2};
constexpr std::array<unsigned, 10> second_weights{5, 4, 3, 2, 7, 6, 5, 4, 3, 2};

/// The calendar month that a month field stands for, or 0.
unsigned month_of_series(unsigned field, NumberSeries series) {
  if (field <= 12) return field;
  if (series == NumberSeries::production) return 0;
  for (const unsigned added : {40U, 65U, 80U}) {
    if (field > added && field <= added + 12) return field - added;
  }
  return 0;
}

bool is_date(unsigned day, unsigned month, unsigned two_digit_year) {
  static constexpr std::array<unsigned, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month == 0 || day == 0) return false;
  const bool may_be_leap_day = month == 2 && day == 29 && two_digit_year % 4 == 0;
  return day <= days[month - 1] || may_be_leap_day;
}

}  // namespace

std::optional<NationalId> NationalId::parse(std::string_view text, NumberSeries series) {
  if (text.size() != digits) return std::nullopt;
  std::array<unsigned, digits> d{};
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    d[i] = static_cast<unsigned>(text[i] - '0');
    value = value * 10 + d[i];
  }
  const unsigned day_field = d[0] * 10 + d[1];
  const unsigned day = day_field > 40 ? day_field - 40 : day_field;
  const unsigned month = month_of_series(d[2] * 10 + d[3], series);
  if (!is_date(day, month, d[4] * 10 + d[5])) return std::nullopt;

  unsigned first = d[9];
  for (std::size_t i = 0; i < first_weights.size(); ++i) first += first_weights[i] * d[i];
  unsigned second = d[10];
  for (std::size_t i = 0; i < second_weights.size(); ++i) second += second_weights[i] * d[i];
  if (first % 11 > 3 || second % 11 != 0) return std::nullopt;
  return NationalId(value);
}

std::optional<unsigned> check_digits(std::uint32_t first_nine_digits) {
  std::array<unsigned, 10> d{};
  for (std::size_t i = 9; i-- > 0;) {
    d[i] = first_nine_digits % 10;
    first_nine_digits /= 10;
  }
  unsigned first = 0;
  for (std::size_t i = 0; i < 9; ++i) first += first_weights[i] * d[i];
  d[9] = (11 - first % 11) % 11;
  if (d[9] == 10) return std::nullopt;
  unsigned second = 0;
  for (std::size_t i = 0; i < 10; ++i) second += second_weights[i] * d[i];
  const unsigned last = (11 - second % 11) % 11;
  if (last == 10) return std::nullopt;
  return d[9] * 10 + last;
}

}  // namespace ledger
