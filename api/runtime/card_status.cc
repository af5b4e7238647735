#include "api/runtime/card_status.h"

#include <algorithm>

#include "api/runtime/shown_account.h"

namespace api {
namespace {

constexpr std::chrono::years card_status_reach{2};

/// Minimum pension on that day exempts from some services, card or not. The facts may be newer than
/// `shown`.
ledger::Result<CardStatus> status_by_pension(const storage::StateStore& state,
                                             const ShownBrief& shown,
                                             ledger::ServiceType service_type, ledger::Date date) {
  if (!shown.brief.has_pension || !is_free_with_minimum_pension(service_type)) return CardStatus{};
  const auto person = state.person(shown.person);
  if (!person) return person.error();
  const auto& pension = person.value().pension;
  return CardStatus{pension && ledger::covers(*pension, date), person.value().newest_event};
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
  const auto by_pension = status_by_pension(state, shown.value(), service_type, service_date);
  if (!by_pension) return by_pension.error();
  return CardStatus{shown.value().account.has_card || by_pension.value().is_exempt,
                    std::max(shown.value().reflects, by_pension.value().reflects)};
}

}  // namespace api
