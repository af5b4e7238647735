#include "api/runtime/card_status.h"

#include "api/runtime/shown_account.h"

namespace api {
namespace {

constexpr std::chrono::years card_status_reach{2};

/// Minimum pension on that day exempts from some services, card or not.
ledger::Result<bool> is_exempt_by_pension(const storage::StateStore& state, const ShownBrief& shown,
                                          ledger::ServiceType service_type, ledger::Date date) {
  if (!shown.brief.has_pension || !is_free_with_minimum_pension(service_type)) return false;
  const auto person = state.person(shown.person);
  if (!person) return person.error();
  return person.value().pension && ledger::covers(*person.value().pension, date);
}

}  // namespace

ledger::Date earliest_service_date(ledger::Date today) {
  std::chrono::year_month_day day{today};
  day -= card_status_reach;
  return day.ok() ? ledger::Date{day} : ledger::Date{day.year() / day.month() / std::chrono::last};
}

ledger::Result<CardStatus> card_status_of(const storage::StateStore& state,
                                          const ledger::EncryptedNumber& person,
                                          ledger::ServiceType service_type,
                                          ledger::Date service_date) {
  const auto shown = shown_brief(state, person, ledger::year_of(service_date));
  if (!shown) return shown.error();
  const auto has_pension = is_exempt_by_pension(state, shown.value(), service_type, service_date);
  if (!has_pension) return has_pension.error();
  return CardStatus{shown.value().account.has_card || has_pension.value(), shown.value().reflects};
}

}  // namespace api
