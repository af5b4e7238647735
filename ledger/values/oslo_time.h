#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace ledger {

/// A point in time: seconds since 1970-01-01T00:00Z and nanoseconds within the second.
struct Instant {
  std::int64_t seconds = 0;
  std::int32_t nanoseconds = 0;
  friend constexpr auto operator<=>(const Instant&, const Instant&) = default;
};

constexpr Instant operator+(Instant instant, std::chrono::seconds duration) {
  instant.seconds += duration.count();
  return instant;
}

/// A calendar day, without time or zone.
using Date = std::chrono::sys_days;
using Month = std::chrono::year_month;

/// What a ledger can speak of: receipts, services of accepted items, and all that follows from them
/// lie on Oslo days from the first to the last. Whoever lets a time in and whoever writes or reads
/// a stored one asks is_in_bounds().
inline constexpr Date first_day = std::chrono::year{2010} / 1 / 1;
inline constexpr Date last_day = std::chrono::year{2199} / 12 / 31;
inline constexpr std::int32_t nanoseconds_max = 999'999'999;
// Both lie in winter, when clocks are an hour ahead.
inline constexpr Instant first_instant{std::chrono::seconds{first_day.time_since_epoch()}.count() -
                                       3600};
inline constexpr Instant last_instant{
    std::chrono::seconds{last_day.time_since_epoch()}.count() + 86'400 - 3600 - 1, nanoseconds_max};

constexpr bool is_in_bounds(Instant instant) {
  return instant.nanoseconds >= 0 && instant.nanoseconds <= nanoseconds_max &&
         instant >= first_instant && instant <= last_instant;
}
constexpr bool is_in_bounds(Date day) { return day >= first_day && day <= last_day; }
constexpr bool is_in_bounds(Month month) { return month.ok() && is_in_bounds(Date{month / 1}); }

/// Seconds that clocks in Norway are ahead of UTC at `instant`: 3600, or 7200 in summer time (from
/// the last Sunday of March 01:00 UTC to the last Sunday of October 01:00 UTC, the European Union's
/// rule since 1996, applied to every year).
int oslo_offset_seconds(Instant instant);

/// The calendar day in Europe/Oslo: the day that decides years, lags and deadlines.
Date oslo_date(Instant instant);

constexpr int year_of(Date date) { return int{std::chrono::year_month_day{date}.year()}; }
constexpr Month month_of(Date date) {
  const std::chrono::year_month_day day{date};
  return day.year() / day.month();
}

/// The last day on which a service of `service_date` may be reported: the last day of the sixth
/// month after the month of service (a service in April: 31 October).
Date last_day_to_report(Date service_date);

/// The last day on which a registration may be credited: three years after the service (29 February
/// plus three years is 28 February).
Date last_day_to_credit(Date service_date);

}  // namespace ledger
