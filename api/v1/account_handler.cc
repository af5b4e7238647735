// POST /v1/persons/account: what the citizen portal shows of a person's year.

#include <span>
#include <string>

#include "api/runtime/ledger_routes.h"
#include "api/v1/account_text.h"
#include "api/v1/own_person.h"
#include "api/v1/person_cursor.h"
#include "api/v1/person_year.h"
#include "api/v1/request_fields.h"
#include "api/v1/routes.h"
#include "ingest/items/json_out.h"
#include "ledger/values/position_text.h"

namespace api {
namespace {

using ledger::Position;

struct Question {
  PersonYearQuestion about;
  AccountPage page;
  bool has_cursor = false;
};

std::string bound_to(const PersonYearQuestion& about) {
  return "account " + std::to_string(about.year);
}

/// Of the place `LAST_SHOWN.AS_OF`.
std::string cursor_of(const PersonYearQuestion& about, Position after, Position as_of) {
  return person_cursor(about.person, bound_to(about), to_string(after) + '.' + to_string(as_of));
}

/// False when the text is not the cursor of an answer to this question. It goes on with the number
/// that the first page was asked with, whichever of the person's numbers is asked with now.
bool read_cursor(std::string_view text, std::span<const ledger::EncryptedNumber> numbers,
                 PersonYearQuestion& about, Position& after) {
  const auto read = read_person_cursor(text, bound_to(about), numbers);
  if (!read) return false;
  const std::size_t dot = read->place.find('.');
  Position as_of;
  if (dot == std::string_view::npos || !ledger::parse_position(read->place.substr(0, dot), after) ||
      !ledger::parse_position(read->place.substr(dot + 1), as_of)) {
    return false;
  }
  if (about.as_of && about.as_of->position != as_of) return false;
  about.as_of = AsOf{as_of, {}};
  about.person = read->number;
  return true;
}

Problem not_a_cursor() {
  return {400, "INVALID_CURSOR",
          "`cursor` is not one that an answer to this question has given: it goes with the person, "
          "the year and the time asked for.",
          "cursor"};
}

std::optional<Problem> read_question(ledger::NumberSeries series, OpenLedger& open,
                                     const Request& request, Question& question) {
  RequestFields fields(request.body, {"personId", "year"},
                       {"limit", "cursor", "asOfPosition", "asOfTime"});
  auto problem = read_person_year(fields, series, open, question.about);
  if (problem) return problem;
  if (fields.has("limit")) {
    question.page.limit =
        static_cast<std::size_t>(fields.integer("limit", 1, 1000, "INVALID_LIMIT"));
  }
  std::string cursor;
  question.has_cursor = fields.has("cursor");
  if (question.has_cursor) cursor = fields.text("cursor", "INVALID_CURSOR");
  if (!fields.is_ok()) return fields.problem();
  if (!open.files().rules().ceiling_of(question.about.year)) return no_rules_for_year("year");
  if (!question.has_cursor) return std::nullopt;
  const auto numbers = numbers_of(open, question.about.person);
  if (!numbers) return problem_of(numbers.error());
  if (!read_cursor(cursor, numbers.value(), question.about, question.page.after)) {
    return not_a_cursor();
  }
  const auto time = open.files().journal().committed_at(question.about.as_of->position);
  if (!time) return problem_of(time.error());
  question.about.as_of->time = time.value();
  return std::nullopt;
}

Response person_account(ledger::NumberSeries series, OpenLedger& open, const Request& request) {
  const auto fail = [&](const Problem& problem) {
    return to_response(problem, request.correlation_id);
  };
  Question question;
  question.page.limit = 100;
  if (const auto problem = read_question(series, open, request, question)) return fail(*problem);
  const PersonYearQuestion& about = question.about;
  if (const auto problem = person_problem(open, request, about.person)) return fail(*problem);
  const auto noted = open.note_access(
      storage::AccessRecord::of_year(storage::AccessWhat::account, about.person, about.year),
      request);
  if (!noted) return fail(problem_of(noted.error()));

  const auto known = known_account(open, about);
  if (!known) return fail(problem_of(known.error()));
  auto text = account_text(open, known.value(), about.year, question.page);
  if (!text) return fail(problem_of(text.error()));
  // An opt-out that came between two pages leaves none to be shown.
  const bool is_hidden = known.value().shown.person.value() == 0;
  if (!text.value().has_page && !is_hidden) return fail(not_a_cursor());
  Response response;
  response.body = std::move(text.value().json);
  response.body += ",\"nextCursor\":";
  if (text.value().last.value() != 0) {
    ingest::append_json_string(response.body,
                               cursor_of(about, text.value().last, known.value().as_of.position));
  } else {
    response.body += "null";
  }
  response.body += '}';
  return response;
}

}  // namespace

void add_account_routes(Router& router, const LedgerKeeper& keeper, ledger::NumberSeries series) {
  router.add({.method = "POST",
              .path = "/v1/persons/account",
              .access = {Role::portal},
              .kind = RouteKind::slow,
              .body_bytes_max = small_body_bytes_max,
              .media_types = {"application/json"},
              .handler = with_ledger(keeper, [series](OpenLedger& open, const Request& request) {
                return person_account(series, open, request);
              })});
}

}  // namespace api
