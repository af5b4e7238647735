#include "ledger/oslo_time.h"

namespace ledger {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using std::chrono::year;
using std::chrono::year_month_day;

sys_seconds last_sunday_at_one(year y, std::chrono::month m) {
  return std::chrono::sys_days{y / m / std::chrono::Sunday[std::chrono::last]} +
         std::chrono::hours{1};
}

}  // namespace

int oslo_offset_seconds(Instant instant) {
  const sys_seconds time{seconds{instant.seconds}};
  const year y = year_month_day{floor<days>(time)}.year();
  const bool is_summer = time >= last_sunday_at_one(y, std::chrono::March) &&
                         time < last_sunday_at_one(y, std::chrono::October);
  return is_summer ? 7200 : 3600;
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
