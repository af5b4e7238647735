#include "ingest/generator/generator_calendar.h"

#include <algorithm>
#include <string>

#include "ledger/values/assert.h"
#include "ledger/values/rfc3339.h"

namespace ingest {
namespace {

using ledger::Date;
using std::chrono::days;
using std::chrono::year_month_day;

/// Reports come until the time bar; payments, credit notes and refused reports some months longer.
constexpr std::uint32_t days_after_year = 310;

/// July is quiet and December short, so that both halves of the year weigh the same.
constexpr std::array<std::uint32_t, 12> month_weights{103, 102, 102, 101, 98,  101,
                                                      63,  101, 109, 109, 111, 85};
constexpr std::array<std::uint32_t, 7> weekday_weights{230, 200, 190, 180, 150, 40, 10};
constexpr std::array<std::uint32_t, 7> submission_weights{16, 15, 15, 16, 26, 5, 4};
constexpr std::uint32_t percent_of_holiday = 12;

/// Easter Sunday of the Gregorian calendar (the anonymous rule of 1876).
Date easter_sunday(int year) {
  const int a = year % 19;
  const int b = year / 100;
  const int c = year % 100;
  const int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
  const int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int month_and_day = h + l - 7 * m + 114;
  return std::chrono::year{year} / (month_and_day / 31) / (month_and_day % 31 + 1);
}

/// Percent of an ordinary day of the same month and weekday.
std::uint32_t percent_of_ordinary(Date date) {
  const year_month_day day{date};
  const auto month = static_cast<unsigned>(day.month());
  const auto of_month = static_cast<unsigned>(day.day());
  const int to_easter = static_cast<int>((date - easter_sunday(int{day.year()})).count());
  const bool is_easter = to_easter == -3 || to_easter == -2 || to_easter == 1;
  const bool is_fixed = (month == 1 && of_month == 1) || (month == 5 && of_month == 1) ||
                        (month == 5 && of_month == 17) ||
                        (month == 12 && (of_month == 25 || of_month == 26));
  const bool is_spring = to_easter == 39 || to_easter == 50;  // Ascension Day, Whit Monday
  if (is_easter || is_fixed || is_spring) return percent_of_holiday;
  if (to_easter >= -8 && to_easter < 0) return 60;
  if (month == 12 && (of_month == 24 || of_month == 31)) return 40;
  return 100;
}

/// Practices that send by the fortnight or half-month make peaks.
std::uint32_t submission_weight(Date date, unsigned weekday) {
  const auto of_month = static_cast<unsigned>(year_month_day{date}.day());
  const bool is_fortnight = weekday == 4 && (date.time_since_epoch().count() / 7) % 2 == 0;
  const bool is_half_month = weekday < 5 && (of_month == 1 || of_month == 15);
  return submission_weights[weekday] * (is_fortnight || is_half_month ? 3 : 1);
}

GeneratorDay make_day(Date date) {
  GeneratorDay day;
  day.date = date;
  const std::string text = ledger::to_string(date);
  std::copy_n(text.begin(), day.text.size(), day.text.begin());
  day.weekday = std::chrono::weekday{date}.iso_encoding() - 1;
  const year_month_day parts{date};
  day.services = month_weights[static_cast<unsigned>(parts.month()) - 1] *
                 weekday_weights[day.weekday] * percent_of_ordinary(date);
  day.submissions = submission_weight(date, day.weekday);

  const std::int64_t midnight_utc = date.time_since_epoch().count() * seconds_a_day;
  const auto offset_at = [&](std::int64_t second) {
    return ledger::oslo_offset_seconds({midnight_utc + second, 0});
  };
  // Midnight in Oslo is 22 or 23 UTC of the day before, and clocks change at 01 UTC.
  day.is_summer_at_start = offset_at(-3600) == 7200;
  const bool is_summer_at_end = offset_at(7200) == 7200;
  if (day.is_summer_at_start != is_summer_at_end) {
    day.change_second = is_summer_at_end ? 2 * 3600 : 3 * 3600;
  }
  return day;
}

}  // namespace

GeneratorCalendar::GeneratorCalendar(int year) {
  const Date first = std::chrono::year{year} / 1 / 1;
  const Date next = std::chrono::year{year + 1} / 1 / 1;
  days_in_year_ = static_cast<std::uint32_t>((next - first).count());
  first_of_july_ =
      static_cast<std::uint32_t>((Date{std::chrono::year{year} / 7 / 1} - first).count());
  std::uint64_t weight = 0;
  for (Date date = first; date < next + days{days_after_year}; date += days{1}) {
    days_.push_back(make_day(date));
    if (date >= next) continue;
    services_before_.push_back(weight);
    weight += days_.back().services;
  }
  services_before_.push_back(weight);
}

std::uint64_t GeneratorCalendar::services_before(std::uint32_t day,
                                                 std::uint64_t registrations) const {
  LEDGER_ASSERT(day <= days_in_year_);
  // At most 10^9 registrations times a sum of weights below 2^31.
  return registrations * services_before_[day] / services_before_.back();
}

std::uint32_t GeneratorCalendar::last_day_to_report(std::uint32_t day) const {
  const Date last = ledger::last_day_to_report(days_[day].date);
  return static_cast<std::uint32_t>((last - days_.front().date).count());
}

std::uint32_t GeneratorCalendar::existing_second(std::uint32_t day, std::uint32_t second) const {
  const GeneratorDay& that_day = days_[day];
  const bool is_left_out = !that_day.is_summer_at_start && second >= that_day.change_second &&
                           second < that_day.change_second + 3600;
  return is_left_out ? that_day.change_second + 3600 : second;
}

}  // namespace ingest
