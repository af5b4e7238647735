#include "api/http/session.h"

#include <utility>

#include "api/http/handler_call.h"
#include "api/http/request_head.h"
#include "api/program/log.h"
#include "api/submissions/submission_stream.h"
#include "api/submissions/whole_submission.h"
#include "api/v1/long_poll.h"

namespace api {
namespace {

/// Bodies of known length up to this are read whole before anything is parsed.
constexpr std::size_t whole_body_bytes_max = 1U << 20;

Awaitable<void> serve_handler(Connection& connection, const Route& route) {
  Request& request = connection.request();
  if (route.body_bytes_max != 0) {
    const bool is_read = co_await connection.read_whole_body(route.body_bytes_max);
    if (!is_read) co_return;
  }
  Response response;
  if (route.kind == RouteKind::quick) {
    response = call(route, request);
  } else {
    response = co_await call_slow(connection, route);
  }
  if (response.again_after) response = co_await poll(connection, route, std::move(response));
  co_await connection.answer(std::move(response));
}

/// Reads a query parameter into `value`, if it is there; false when it is neither true nor false.
bool read_flag(const Request& request, std::string_view name, bool& value, Problem& problem) {
  const std::string* const text = request.query_value(name);
  if (text == nullptr) return true;
  if (*text != "true" && *text != "false") {
    problem = {400, "MALFORMED_REQUEST", '`' + std::string(name) + "` must be true or false.",
               std::string(name)};
    return false;
  }
  value = *text == "true";
  return true;
}

Awaitable<void> serve_submission(Connection& connection, ingest::ItemParser& parser) {
  Request& request = connection.request();
  SubmissionForm form;
  form.is_json = request.content_type == "application/json";
  Problem problem;
  bool is_trusted = true;
  if (!read_flag(request, "atomic", form.is_atomic, problem) ||
      !read_flag(request, "dryRun", form.is_dry_run, problem) ||
      !read_flag(request, "trustReceivedTime", is_trusted, problem)) {
    co_await connection.refuse(std::move(problem));
    co_return;
  }
  if (!is_trusted) request.caller.is_operator = false;
  const bool is_small =
      !connection.has_unknown_size() && connection.body_left() <= whole_body_bytes_max;
  // A stream is answered in chunks, which came with HTTP/1.1.
  if (form.is_json || form.is_one_group() || is_small || connection.is_old()) {
    co_await serve_whole_submission(connection, parser, form);
    co_return;
  }
  const std::size_t bytes_max = connection.service().limits().ndjson_body_bytes_max;
  if (connection.body_left() > bytes_max) {
    connection.close_after_answer();
    problem = Connection::body_is_too_large(bytes_max);
    co_await connection.refuse(std::move(problem));
    co_return;
  }
  co_await serve_stream(connection, parser);
}

/// The route that the request asks for; null, and the refusal in `response`, when there is none, or
/// it takes no such query or body.
const Route* find_route(Connection& connection, Response& response) {
  Request& request = connection.request();
  const auto refuse = [&](const Problem& problem) -> const Route* {
    response = to_response(problem, request.correlation_id);
    return nullptr;
  };
  if (!read_target(connection.target(), request)) {
    return refuse({400, "MALFORMED_REQUEST", "The request target is not a well-formed path.", ""});
  }
  Router::Match match = connection.service().router().find(request.method, request.path);
  if (match.route == nullptr && match.allowed.empty()) {
    return refuse({404, "NOT_FOUND", "There is nothing here; see /openapi.yaml.", ""});
  }
  if (match.route == nullptr) {
    refuse({405, "METHOD_NOT_ALLOWED", "Only " + match.allowed + " is allowed here.", ""});
    response.headers.emplace_back("Allow", match.allowed);
    return nullptr;
  }
  request.path_parameter = std::move(match.path_parameter);
  if (const auto problem = query_problem(*match.route, request)) return refuse(*problem);
  if (const auto problem = media_problem(*match.route, request)) {
    refuse(*problem);
    if (request.coding == ContentCoding::unknown) {
      response.headers.emplace_back("Accept-Encoding", "gzip");
    }
    return nullptr;
  }
  return match.route;
}

Awaitable<void> serve(Connection& connection, ingest::ItemParser& parser) {
  Response refusal;
  const Route* const route = find_route(connection, refusal);
  if (route == nullptr) {
    co_await connection.answer(std::move(refusal));
    co_return;
  }
  const bool takes_body = route->body_bytes_max != 0;
  if (takes_body && connection.request().coding == ContentCoding::gzip) connection.unpack_body();
  if (route->kind == RouteKind::submission) {
    co_await serve_submission(connection, parser);
  } else {
    co_await serve_handler(connection, *route);
  }
}

Awaitable<void> serve_all(Connection& connection) {
  const Service& service = connection.service();
  ingest::ItemParser parser(service.keeper().keys().numbers, service.series());
  while (!connection.is_closing() && connection.socket().is_open()) {
    const bool has_request = co_await connection.read_head();
    if (!has_request) break;
    co_await serve(connection, parser);
    connection.forget_request();
    if (connection.is_refused() && !connection.is_closing()) co_await connection.rest();
    if (connection.has_body_left() && !connection.is_closing()) co_await connection.discard_body();
    if (connection.network().is_draining) connection.close_after_answer();
  }
}

}  // namespace

Awaitable<void> run_session(std::shared_ptr<Connection> connection, bool is_surplus) {
  connection->begin();
  try {
    if (is_surplus) {
      co_await connection->refuse_connection();
    } else {
      co_await serve_all(*connection);
    }
    if (connection->socket().is_open()) co_await connection->linger();
  } catch (const std::exception& exception) {
    // A connection must not take the process with it; what it was doing is in the log.
    log(LogLevel::error, "connection_failed", {{"reason", exception.what()}});
  }
  connection->close();
}

}  // namespace api
