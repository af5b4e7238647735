#include "ledger/records/registration.h"

#include <chrono>

namespace ledger {

Date sixteenth_birthday(Date birth_date) {
  const std::chrono::year_month_day born{birth_date};
  const std::chrono::year_month_day day = born + std::chrono::years{16};
  return day.ok() ? Date{day} : Date{day.year() / std::chrono::March / 1};
}

Code reason_not_counted(const Registration& registration) {
  if (registration.is_credited) return Code::credited;
  if (!registration.is_paid) return Code::unpaid;
  if (registration.amount.is_zero()) return Code::zero_amount;
  return Code::none;
}

Code reason_not_counted(const Registration& registration, std::optional<Date> birth_date) {
  const Code reason = reason_not_counted(registration);
  if (reason != Code::none || !birth_date) return reason;
  const bool is_child = registration.service_date < sixteenth_birthday(*birth_date);
  return is_child ? Code::under_16 : Code::none;
}

}  // namespace ledger
