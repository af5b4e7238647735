// POST /v1/persons/numbers: the national numbers of persons who are paid, for who pays them.

#include <string>
#include <vector>

#include "api/runtime/ledger_routes.h"
#include "api/v1/request_fields.h"
#include "api/v1/routes.h"
#include "storage/json/json.h"

namespace api {
namespace {

using storage::Json;

constexpr std::size_t persons_max = 1000;
/// So many numbers of 20 digits.
constexpr std::size_t body_bytes_max = 32U << 10;

std::optional<Problem> read_question(const Request& request, std::vector<std::int64_t>& asked) {
  RequestFields fields(request.body, {"personRefs"});
  asked = fields.integers("personRefs", "INVALID_PERSON_REFS");
  if (!fields.is_ok()) return fields.problem();
  if (asked.size() > persons_max) {
    return Problem{413, "TOO_LARGE", "At most 1000 persons are asked for at once.", "personRefs"};
  }
  if (asked.empty()) {
    return Problem{400, "INVALID_PERSON_REFS", "`personRefs` is empty.", "personRefs"};
  }
  return std::nullopt;
}

struct Payee {
  std::optional<ledger::EncryptedNumber> in_use;  ///< nothing when it has been erased
  bool is_estate = false;                         ///< the person has died
};

/// Of one who was merged into another: the one who stays.
ledger::Result<Payee> find_payee(const storage::StateStore& state, ledger::PersonId id) {
  auto person = state.person(id);
  while (person && person.value().merged_into.value() != 0) {
    id = person.value().merged_into;
    person = state.person(id);
  }
  if (!person) return person.error();
  const auto numbers = state.numbers(id);
  if (!numbers) return numbers.error();
  Payee payee;
  if (!numbers.value().empty()) payee.in_use = numbers.value().front();
  payee.is_estate = person.value().death.has_value();
  return payee;
}

Response numbers(OpenLedger& open, const Request& request) {
  const auto fail = [&](const Problem& problem) {
    return to_response(problem, request.correlation_id);
  };
  std::vector<std::int64_t> asked;
  if (const auto problem = read_question(request, asked)) return fail(*problem);
  const storage::StateStore& state = open.files().state();
  // Persons have the numbers from 1 on.
  const auto known = static_cast<std::int64_t>(state.head().totals.persons);
  Json told = Json::array();
  for (const std::int64_t reference : asked) {
    std::optional<std::string> number;
    std::optional<std::string> payee;
    if (reference > 0 && reference <= known) {
      const auto found = find_payee(state, ledger::PersonId{static_cast<std::uint64_t>(reference)});
      if (!found) return fail(problem_of(found.error()));
      const auto& [in_use, is_estate] = found.value();
      if (in_use) {
        // Before it is told.
        const auto noted = open.note_access(
            storage::AccessRecord::of_person(storage::AccessWhat::number, *in_use), request);
        if (!noted) return fail(problem_of(noted.error()));
        number = open.files().keys().numbers.decrypt(*in_use);
        payee = is_estate ? "estate" : "person";
      }
    }
    told.add(Json::object({{"personRef", reference}, {"personId", number}, {"payee", payee}}));
  }
  Response response;
  response.reflects = state.begun();
  response.body = Json::object({{"numbers", told}}).text();
  return response;
}

}  // namespace

void add_payout_routes(Router& router, const LedgerKeeper& keeper) {
  router.add({.method = "POST",
              .path = "/v1/persons/numbers",
              .access = {Role::payout},
              .kind = RouteKind::slow,
              .body_bytes_max = body_bytes_max,
              .media_types = {"application/json"},
              .handler = with_ledger(keeper, numbers)});
}

}  // namespace api
