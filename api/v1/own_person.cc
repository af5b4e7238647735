#include "api/v1/own_person.h"

#include "ledger/values/national_id.h"

namespace api {

std::optional<Problem> person_problem(OpenLedger& open, const Request& request,
                                      const ledger::EncryptedNumber& asked) {
  if (request.caller.only_person.empty()) return std::nullopt;
  const auto number = ledger::NationalId::parse(request.caller.only_person,
                                                ledger::NumberSeries::production_and_tests);
  if (!number) return not_for_the_caller("another person");
  const ledger::EncryptedNumber own = open.files().keys().numbers.encrypt(*number);
  if (own == asked) return std::nullopt;
  const auto own_person = open.files().state().person_of(own);
  if (!own_person) return problem_of(own_person.error());
  const auto asked_person = open.files().state().person_of(asked);
  if (!asked_person) return problem_of(asked_person.error());
  const bool is_own = own_person.value() && own_person.value() == asked_person.value();
  return is_own ? std::nullopt : std::optional(not_for_the_caller("another person"));
}

}  // namespace api
