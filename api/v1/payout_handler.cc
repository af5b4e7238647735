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
    if (reference > 0 && reference <= known) {
      const auto kept = state.number_of(ledger::PersonId{static_cast<std::uint64_t>(reference)});
      if (!kept) return fail(problem_of(kept.error()));
      // Before it is told.
      const auto noted = open.note_access(
          storage::AccessRecord::of_person(storage::AccessWhat::number, kept.value()), request);
      if (!noted) return fail(problem_of(noted.error()));
      number = open.files().keys().numbers.decrypt(kept.value());
    }
    const std::optional<std::string> payee = number ? std::optional("person") : std::nullopt;
    told.add(Json::object({{"personRef", reference}, {"personId", number}, {"payee", payee}}));
  }
  Response response;
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
