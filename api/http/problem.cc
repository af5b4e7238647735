#include "api/http/problem.h"

#include <boost/beast/http/status.hpp>

#include "storage/json/json.h"

namespace api {
namespace {

std::string_view title_of(unsigned status) {
  // As RFC 9110 calls it; Beast has the name before that.
  if (status == 413) return "Content Too Large";
  const auto title = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {title.data(), title.size()};
}

}  // namespace

std::string problem_json(const Problem& problem, std::string_view correlation_id) {
  storage::Json json = storage::Json::object({{"type", "about:blank"},
                                              {"title", title_of(problem.status)},
                                              {"status", problem.status},
                                              {"code", problem.code},
                                              {"detail", problem.detail}});
  if (problem.names_field()) json.add("field", problem.field);
  json.add("correlationId", correlation_id);
  return json.text();
}

Response to_response(const Problem& problem, std::string_view correlation_id) {
  Response response;
  response.status = problem.status;
  response.content_type = "application/problem+json";
  response.body = problem_json(problem, correlation_id);
  if (problem.status == 429 || problem.status == 503)
    response.headers.emplace_back("Retry-After", "1");
  response.problem = problem;
  return response;
}

Problem problem_of(boost::system::error_code error) {
  if (error == make_error_code(ledger::Errc::overloaded)) {
    return {503, "OVERLOADED", "More work is waiting than the ledger accepts; send it again.", ""};
  }
  if (error == make_error_code(ledger::Errc::sender_overloaded)) {
    return {429, "TOO_MANY_REQUESTS",
            "Too many items of this practice are waiting already; send it again.", ""};
  }
  if (error == make_error_code(ledger::Errc::shutting_down)) {
    return {503, "SHUTTING_DOWN", "The ledger is stopping; send it again.", ""};
  }
  if (error == make_error_code(ledger::Errc::corrupt_record)) {
    return {503, "DAMAGED_RECORD",
            "A stored record is damaged and is not shown; ask again when it has been repaired.",
            ""};
  }
  return {503, "STORE_UNAVAILABLE",
          "The store cannot be used now. It is unknown whether items of this request were "
          "committed; sending them again is safe.",
          ""};
}

Problem not_for_the_caller(std::string_view reason) {
  return {403, "FORBIDDEN", "This is not for the caller.", "", reason};
}

Problem no_rules_for_year(std::string_view field) {
  return {400, "NO_RULES_FOR_YEAR",
          "No ceiling is known for this year; an operator adds one under [ceilings] of the "
          "configuration file and sends the service SIGHUP.",
          std::string(field)};
}

Problem job_is_running(const std::string& name) {
  return {409, "JOB_RUNNING",
          name.empty() ? "No job can be started now; try again."
                       : "Another job is running, `" + name + "`; try again when it has ended.",
          ""};
}

}  // namespace api
