// POST /v1/persons/access-log: who has asked about a person.

#include <charconv>
#include <limits>

#include "api/runtime/ledger_routes.h"
#include "api/v1/own_person.h"
#include "api/v1/person_cursor.h"
#include "api/v1/request_fields.h"
#include "api/v1/routes.h"
#include "ledger/values/rfc3339.h"
#include "storage/json/json.h"

namespace api {
namespace {

using storage::AccessLog;
using storage::AccessRecord;
using storage::Json;

constexpr std::size_t limit_max = 1000;

constexpr std::string_view question_name = "access-log";

struct Question {
  ledger::EncryptedNumber person;
  std::vector<ledger::EncryptedNumber> numbers;  ///< all of the person's
  std::size_t limit = 100;
  /// The last record shown; what comes next is older.
  std::uint64_t before = std::numeric_limits<std::uint64_t>::max();
};

/// A cursor has the place of a record in the log: digits.
bool read_cursor(std::string_view text, Question& question) {
  const auto read = read_person_cursor(text, question_name, question.numbers);
  if (!read) return false;
  const std::string_view place = read->place;
  const auto [end, error] =
      std::from_chars(place.data(), place.data() + place.size(), question.before);
  return error == std::errc() && end == place.data() + place.size();
}

std::optional<Problem> read_question(ledger::NumberSeries series, OpenLedger& open,
                                     const Request& request, Question& question) {
  RequestFields fields(request.body, {"personId"}, {"limit", "cursor"});
  const auto number = fields.person(series);
  if (fields.has("limit")) {
    question.limit =
        static_cast<std::size_t>(fields.integer("limit", 1, limit_max, "INVALID_LIMIT"));
  }
  std::string cursor;
  if (fields.has("cursor")) cursor = fields.text("cursor", "INVALID_CURSOR");
  if (!fields.is_ok()) return fields.problem();
  question.person = open.files().keys().numbers.encrypt(*number);
  auto numbers = numbers_of(open, question.person);
  if (!numbers) return problem_of(numbers.error());
  question.numbers = std::move(numbers.value());
  if (fields.has("cursor") && !read_cursor(cursor, question)) {
    return Problem{400, "INVALID_CURSOR",
                   "`cursor` is not one that an answer about this person has given.", "cursor"};
  }
  return std::nullopt;
}

/// Null where nobody has said.
Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json json_of(const AccessRecord& record) {
  std::optional<std::string> service_type;
  std::optional<std::string> service_date;
  if (record.service_type) service_type = code_of(*record.service_type);
  if (record.service_date) service_date = ledger::to_string(*record.service_date);
  return Json::object({{"time", ledger::to_rfc3339(record.time)},
                       {"who", Json::object({{"name", text_or_null(record.asker.name)},
                                             {"organisationNumber",
                                              text_or_null(record.asker.organisation_number)}})},
                       {"role", role_of(record.what)},
                       {"what", name_of(record.what)},
                       {"serviceType", service_type},
                       {"serviceDate", service_date},
                       {"year", record.year},
                       {"answer", record.answer}});
}

Response access_log(ledger::NumberSeries series, OpenLedger& open, const Request& request) {
  const auto fail = [&](const Problem& problem) {
    return to_response(problem, request.correlation_id);
  };
  Question question;
  if (const auto problem = read_question(series, open, request, question)) return fail(*problem);
  if (const auto problem = person_problem(open, request, question.person)) return fail(*problem);
  // One more than is shown says whether there is another page.
  const auto found =
      open.files().access_log().find(question.numbers, question.before, question.limit + 1);
  if (!found) return fail(problem_of(found.error()));
  const auto noted = open.note_access(
      AccessRecord::of_person(storage::AccessWhat::access_log, question.person), request);
  if (!noted) return fail(problem_of(noted.error()));

  const std::vector<AccessLog::Found>& records = found.value();
  const std::size_t shown = std::min(records.size(), question.limit);
  std::string entries = "[";
  for (std::size_t i = 0; i < shown; ++i) {
    if (i != 0) entries += ',';
    entries += json_of(records[i].record).text();
  }
  entries += ']';
  std::optional<std::string> next;
  if (records.size() > shown) {
    next =
        person_cursor(question.person, question_name, std::to_string(records[shown - 1].sequence));
  }
  Response response;
  response.reflects = open.files().state().begun();
  response.body =
      Json::object({{"entries", Json::verbatim(std::move(entries))}, {"nextCursor", next}}).text();
  return response;
}

}  // namespace

void add_access_log_routes(Router& router, const LedgerKeeper& keeper,
                           ledger::NumberSeries series) {
  router.add({.method = "POST",
              .path = "/v1/persons/access-log",
              .access = {Role::portal},
              .kind = RouteKind::slow,
              .body_bytes_max = small_body_bytes_max,
              .media_types = {"application/json"},
              .handler = with_ledger(keeper, [series](OpenLedger& open, const Request& request) {
                return access_log(series, open, request);
              })});
}

}  // namespace api
