#include "api/cards/cards.h"

#include <fmt/format.h>

#include "api/cards/card_token.h"
#include "api/cards/qr_svg.h"
#include "api/http/problem.h"
#include "api/runtime/ledger_routes.h"
#include "api/runtime/shown_account.h"
#include "api/v1/card_json.h"
#include "api/v1/own_person.h"
#include "api/v1/request_fields.h"
#include "api/v1/routes.h"
#include "ingest/items/clock.h"
#include "ingest/items/json_out.h"

namespace api {

/// A card, and the number of its owner that is in use.
struct Cards::Proved {
  int year = 0;
  ledger::ExemptionCard card;
  ledger::EncryptedNumber number;
};

/// Held from the answer's beginning to its end, also when nobody waits for it any more.
class Cards::Place {
 public:
  explicit Place(std::atomic<std::size_t>& waiting) : waiting_(waiting) {}
  ~Place() { --waiting_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::atomic<std::size_t>& waiting_;
};

Cards::Cards(const LedgerKeeper& keeper, Options options)
    : keeper_(keeper), options_(std::move(options)) {}

std::shared_ptr<Cards::Place> Cards::take_place() {
  if (++waiting_ > options_.waiting_max) {
    --waiting_;
    return nullptr;
  }
  return std::make_shared<Place>(waiting_);
}

void Cards::append_proof(std::string& body, const Proved& proved) {
  CardClaims claims;
  claims.issuer = options_.issuer;
  claims.issued_at = ingest::now();
  claims.year = proved.year;
  claims.card = proved.card;
  claims.number_check = checks_.of(proved.card.id, proved.number, keeper_.keys().numbers);
  const std::string token = card_token(claims, *keeper_.keys().signing->current());
  body += fmt::format(R"(,"token":"{}","qr":)", token);
  ingest::append_json_string(body, qr_svg(token));
  body += '}';
}

Response Cards::person_card(OpenLedger& open, const Request& request) {
  const auto fail = [&](const Problem& problem) {
    return to_response(problem, request.correlation_id);
  };
  RequestFields fields(request.body, {"personId", "year"});
  const auto number = fields.person(options_.series);
  const int year = static_cast<int>(fields.integer("year", 1, 9999, "INVALID_YEAR"));
  if (!fields.is_ok()) return fail(fields.problem());
  if (!open.files().rules().ceiling_of(year)) return fail(no_rules_for_year("year"));

  const storage::StateStore& state = open.files().state();
  const ledger::EncryptedNumber asked = open.files().keys().numbers.encrypt(*number);
  if (const auto problem = person_problem(open, request, asked)) return fail(*problem);
  const auto shown = shown_account(state, asked, year);
  if (!shown) return fail(problem_of(shown.error()));
  const std::optional<ledger::ExemptionCard>& card = shown.value().account.card;

  Response response;
  response.reflects = shown.value().reflects;
  response.body = fmt::format(R"({{"year":{},"card":)", year);
  append_card(response.body, year, card);
  if (card) {
    const auto numbers = state.numbers(shown.value().person);
    if (!numbers) return fail(problem_of(numbers.error()));
    // Of somebody whose numbers have been erased nobody can ask.
    const ledger::EncryptedNumber in_use =
        numbers.value().empty() ? asked : numbers.value().front();
    const auto place = take_place();
    if (!place) {
      return fail({429, "TOO_MANY_REQUESTS",
                   "Too many cards are being made already; ask again in a moment.", ""});
    }
    response.finish = [this, place, proved = Proved{year, *card, in_use}](Response& begun) {
      append_proof(begun.body, proved);
    };
  } else {
    response.body += R"(,"token":null,"qr":null})";
  }
  const auto noted = open.note_access(
      storage::AccessRecord::of_year(storage::AccessWhat::card, asked, year), request);
  return noted ? response : fail(problem_of(noted.error()));
}

void Cards::add_routes(Router& router) {
  router.add({.method = "POST",
              .path = "/v1/persons/card",
              .access = {Role::portal},
              .kind = RouteKind::slow,
              .body_bytes_max = small_body_bytes_max,
              .media_types = {"application/json"},
              .handler = with_ledger(keeper_, [this](OpenLedger& open, const Request& request) {
                return person_card(open, request);
              })});
}

}  // namespace api
