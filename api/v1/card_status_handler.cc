// POST /v1/card-status and /v1/card-status/batch: may a practice charge this person?

#include <algorithm>
#include <vector>

#include "api/runtime/card_status.h"
#include "api/runtime/ledger_routes.h"
#include "api/runtime/registered_practices.h"
#include "api/v1/request_fields.h"
#include "api/v1/routes.h"
#include "ingest/items/clock.h"
#include "ingest/items/json_out.h"

namespace api {
namespace {

/// The answer, or what is wrong with the question.
struct Answer {
  std::optional<Problem> problem;
  bool is_exempt = false;
  ledger::Position reflects;
};

Answer answer(ledger::NumberSeries series, OpenLedger& open, const Request& request,
              std::string_view body) {
  RequestFields fields(body, {"personId", "serviceType", "serviceDate"});
  const auto number = fields.person(series);
  const ledger::ServiceType service_type = fields.service_type();
  const ledger::Date date = fields.date("serviceDate", "INVALID_SERVICE_DATE");
  if (!fields.is_ok()) return {fields.problem(), false, {}};
  if (date < earliest_service_date(ledger::oslo_date(ingest::now()))) {
    return {Problem{400, "SERVICE_DATE_TOO_OLD",
                    "`serviceDate` is more than two years back; older status is not given.",
                    "serviceDate"},
            false,
            {}};
  }
  const ledger::EncryptedNumber person = open.files().keys().numbers.encrypt(*number);
  const auto status = card_status_of(open.files().state(), person, service_type, date);
  if (!status) return {problem_of(status.error()), false, {}};
  const bool is_exempt = status.value().is_exempt;

  const auto noted =
      open.note_access(storage::AccessRecord::of_service(storage::AccessWhat::card_status, person,
                                                         service_type, date, is_exempt),
                       request);
  if (!noted) return {problem_of(noted.error()), false, {}};
  return {std::nullopt, is_exempt, status.value().reflects};
}

std::string_view text_of(bool is_exempt) {
  return is_exempt ? R"({"exempt":true})" : R"({"exempt":false})";
}

/// Those of a body that are not blank.
std::vector<std::string_view> lines_of(std::string_view body) {
  std::vector<std::string_view> lines;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) lines.push_back(line);
  }
  return lines;
}

/// What is wrong with a line; a line that is no question has the code that it has elsewhere.
void append_line_problem(std::string& out, const Problem& problem) {
  const bool is_malformed = problem.code == "MALFORMED_REQUEST";
  out += "{\"code\":\"";
  out += is_malformed ? "MALFORMED_ITEM" : problem.code;
  out += '"';
  if (problem.names_field()) {
    out += ",\"field\":";
    ingest::append_json_string(out, problem.field);
  }
  out += "}\n";
}

/// In force, the registry of practices decides who may ask today.
std::optional<Problem> fault_of_caller(OpenLedger& open, const Caller& caller) {
  const bool may_ask = !open.files().settings().are_practices_required ||
                       has_agreement(open, caller, ledger::oslo_date(ingest::now()));
  return may_ask ? std::nullopt : std::optional(not_for_the_caller("no agreement today"));
}

Response card_status(ledger::NumberSeries series, OpenLedger& open, const Request& request) {
  if (const auto fault = fault_of_caller(open, request.caller)) {
    return to_response(*fault, request.correlation_id);
  }
  const Answer given = answer(series, open, request, request.body);
  if (given.problem) return to_response(*given.problem, request.correlation_id);
  Response response;
  response.body = text_of(given.is_exempt);
  response.reflects = given.reflects;
  return response;
}

Response card_status_batch(ledger::NumberSeries series, std::size_t lines_max, OpenLedger& open,
                           const Request& request) {
  if (const auto fault = fault_of_caller(open, request.caller)) {
    return to_response(*fault, request.correlation_id);
  }
  const std::vector<std::string_view> lines = lines_of(request.body);
  // Before any of them: what is not answered is not logged.
  if (lines.size() > lines_max) {
    return to_response({413, "TOO_LARGE",
                        "At most " + std::to_string(lines_max) + " lines; split the request.", ""},
                       request.correlation_id);
  }
  Response response;
  response.content_type = "application/x-ndjson";
  for (const std::string_view line : lines) {
    const Answer given = answer(series, open, request, line);
    if (given.problem && given.problem->status != 400) {
      return to_response(*given.problem, request.correlation_id);
    }
    if (given.problem) {
      append_line_problem(response.body, *given.problem);
    } else {
      response.body += text_of(given.is_exempt);
      response.body += '\n';
    }
    response.reflects = std::max(response.reflects, given.reflects);
  }
  return response;
}

}  // namespace

void add_card_status_routes(Router& router, const LedgerKeeper& keeper, ledger::NumberSeries series,
                            std::size_t lines_max) {
  router.add({.method = "POST",
              .path = "/v1/card-status",
              .access = Access({Role::practice}).with_practice(),
              .body_bytes_max = small_body_bytes_max,
              .media_types = {"application/json"},
              .handler = with_ledger(keeper, [series](OpenLedger& open, const Request& request) {
                return card_status(series, open, request);
              })});
  router.add({.method = "POST",
              .path = "/v1/card-status/batch",
              .access = Access({Role::practice}).with_practice(),
              .kind = RouteKind::slow,
              .body_bytes_max = lines_max * 512,
              .media_types = {"application/x-ndjson"},
              .handler = with_ledger(keeper,
                                     [series, lines_max](OpenLedger& open, const Request& request) {
                                       return card_status_batch(series, lines_max, open, request);
                                     })});
}

}  // namespace api
