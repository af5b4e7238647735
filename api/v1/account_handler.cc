// POST /v1/persons/account: what the citizen portal shows of a person's year.

#include <charconv>

#include "api/runtime/ledger_routes.h"
#include "api/v1/account_text.h"
#include "api/v1/own_person.h"
#include "api/v1/person_year.h"
#include "api/v1/request_fields.h"
#include "api/v1/routes.h"
#include "ingest/items/json_out.h"
#include "ledger/values/hex.h"
#include "ledger/values/position_text.h"
#include "storage/crypto/crypto.h"

namespace api {
namespace {

using ledger::Position;

struct Question {
  PersonYearQuestion about;
  AccountPage page;
  bool has_cursor = false;
};

/// Binds a cursor to its question, so that it goes on with nothing else: the first digits of a hash
/// over everything that it must be asked with.
std::string check_of(const PersonYearQuestion& about, Position after, Position as_of) {
  std::string bound(about.person.bytes.begin(), about.person.bytes.end());
  bound += std::to_string(about.year);
  for (const Position position : {after, as_of}) bound += '.' + to_string(position);
  constexpr std::size_t digits = 16;
  return storage::to_hex(storage::sha256("account cursor ", bound)).substr(0, digits);
}

/// `LAST_SHOWN.AS_OF.CHECK`.
std::string cursor_of(const PersonYearQuestion& about, Position after, Position as_of) {
  return to_string(after) + '.' + to_string(as_of) + '.' + check_of(about, after, as_of);
}

/// False when the text is not the cursor of an answer to this question.
bool read_cursor(std::string_view text, PersonYearQuestion& about, Position& after) {
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return false;
  Position as_of;
  if (!ledger::parse_position(text.substr(0, first), after) ||
      !ledger::parse_position(text.substr(first + 1, second - first - 1), as_of) ||
      text.substr(second + 1) != check_of(about, after, as_of)) {
    return false;
  }
  if (about.as_of && about.as_of->position != as_of) return false;
  about.as_of = AsOf{as_of, {}};
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
  if (!read_cursor(cursor, question.about, question.page.after)) return not_a_cursor();
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
