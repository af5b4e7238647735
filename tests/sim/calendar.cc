#include "tests/sim/calendar.h"

#include "ledger/values/assert.h"

namespace sim {
namespace {

using ledger::Date;
using ledger::Instant;

/// The Sundays in March and October on which clocks are moved, as published.
constexpr int first_published_year = 2018;
constexpr struct {
  unsigned march;
  unsigned october;
} changes[] = {{25, 28}, {31, 27}, {29, 25}, {28, 31}, {27, 30}, {26, 29}, {31, 27}, {30, 26},
               {29, 25}, {28, 31}, {26, 29}, {25, 28}, {31, 27}, {30, 26}, {28, 31}, {27, 30}};

constexpr std::int64_t hour = 3600;
constexpr std::int64_t day_seconds = 24 * hour;

Instant midnight_utc(Date day) { return {day.time_since_epoch().count() * day_seconds, 0}; }

Date utc_day(std::int64_t seconds) {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds{std::chrono::seconds{seconds}});
}

/// March and October have 31 days; 1970-01-01 was a Thursday.
unsigned last_sunday(int year, std::chrono::month month) {
  const Date last = std::chrono::year{year} / month / 31;
  const auto weekday = ((last.time_since_epoch().count() + 4) % 7 + 7) % 7;
  return 31 - static_cast<unsigned>(weekday);
}

Instant change_in(int year, std::chrono::month month) {
  const bool is_published = year >= first_published_year &&
                            year < first_published_year + static_cast<int>(std::size(changes));
  unsigned day = last_sunday(year, month);
  if (is_published) {
    const auto& published = changes[year - first_published_year];
    const unsigned told = month == std::chrono::March ? published.march : published.october;
    LEDGER_ASSERT(told == day);
    day = told;
  }
  return midnight_utc(std::chrono::year{year} / month / std::chrono::day{day}) +
         std::chrono::hours{1};
}

}  // namespace

Instant spring_change(int year) { return change_in(year, std::chrono::March); }
Instant autumn_change(int year) { return change_in(year, std::chrono::October); }

Date oslo_day(Instant instant) {
  const int year = ledger::year_of(utc_day(instant.seconds));
  const bool is_summer = instant >= spring_change(year) && instant < autumn_change(year);
  return utc_day(instant.seconds + (is_summer ? 2 : 1) * hour);
}

Instant oslo_midnight(Date day) {
  // Clocks move at night, so midnight is one or two hours before that of UTC.
  const Instant in_summer{midnight_utc(day).seconds - 2 * hour, 0};
  return oslo_day(in_summer) == day ? in_summer : in_summer + std::chrono::hours{1};
}

Date years_after(Date day, int years) {
  const std::chrono::year_month_day ymd{day};
  const std::chrono::year year = ymd.year() + std::chrono::years{years};
  if (ymd.month() == std::chrono::February && ymd.day() == std::chrono::day{29}) {
    return year / std::chrono::February / (year.is_leap() ? 29 : 28);
  }
  return year / ymd.month() / ymd.day();
}

Date first_of_month_after(Date day, int months) {
  const std::chrono::year_month_day ymd{day};
  const int month = int{ymd.year()} * 12 + static_cast<int>(unsigned{ymd.month()}) - 1 + months;
  return std::chrono::year{month / 12} / (month % 12 + 1) / 1;
}

}  // namespace sim
