#include "ledger/values/oslo_time.h"

#include <array>

namespace ledger {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr sys_seconds last_sunday_at_one(year y, std::chrono::month m) {
  return std::chrono::sys_days{y / m / std::chrono::Sunday[std::chrono::last]} +
         std::chrono::hours{1};
}

struct SummerTime {
  sys_seconds begin;
  sys_seconds end;
};

constexpr SummerTime summer_time(year y) {
  return {last_sunday_at_one(y, std::chrono::March), last_sunday_at_one(y, std::chrono::October)};
}

/// Every item asks for several dates, nearly all of a few years.
constexpr int first_known_year = 2000;
constexpr auto known_years = [] {
  std::array<SummerTime, 100> years{};
  for (int i = 0; i < 100; ++i) {
    years[static_cast<std::size_t>(i)] = summer_time(year{first_known_year + i});
  }
  return years;
}();

}  // namespace

int oslo_offset_seconds(Instant instant) {
  const sys_seconds time{seconds{instant.seconds}};
  const year y = year_month_day{floor<days>(time)}.year();
  const auto index = static_cast<unsigned>(int{y} - first_known_year);
  const SummerTime summer = index < known_years.size() ? known_years[index] : summer_time(y);
  return time >= summer.begin && time < summer.end ? 7200 : 3600;
}

Date oslo_date(Instant instant) {
  const sys_seconds local{seconds{instant.seconds + oslo_offset_seconds(instant)}};
  return floor<days>(local);
}

Date last_day_to_report(Date service_date) {
  const Month month = month_of(service_date) + std::chrono::months{6};
  return month / std::chrono::last;
}

Date last_day_to_credit(Date service_date) {
  year_month_day day{service_date};
  day += std::chrono::years{3};
  return day.ok() ? Date{day} : Date{day.year() / day.month() / std::chrono::last};
}

}  // namespace ledger
