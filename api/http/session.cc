#include "api/http/session.h"

#include <optional>
#include <utility>

#include "api/http/access_refusal.h"
#include "api/http/admission.h"
#include "api/http/awaitables.h"
#include "api/http/connection.h"
#include "api/http/handler_call.h"
#include "api/http/precedence.h"
#include "api/http/request_head.h"
#include "api/program/log.h"

namespace api {
namespace {

/// One of the places for costly requests, for as long as one is being answered.
class CostlyPlace {
 public:
  CostlyPlace(Network& network, bool is_wanted) : network_(network), is_counted_(is_wanted) {
    if (is_counted_) is_taken_ = ++network.costly_waiting <= network.limits.waiting_queries_max;
  }
  ~CostlyPlace() {
    if (is_counted_) --network_.costly_waiting;
  }
  CostlyPlace(const CostlyPlace&) = delete;
  CostlyPlace& operator=(const CostlyPlace&) = delete;

  /// True also when none is wanted.
  bool is_taken() const { return is_taken_; }

 private:
  Network& network_;
  const bool is_counted_;
  bool is_taken_ = true;
};

Awaitable<void> serve_handler(Connection& connection, const Route& route) {
  Request& request = connection.request();
  if (route.body_bytes_max != 0) {
    const bool is_read =
        co_await connection.read_whole_body(route.body_bytes_max, route.takes_anything);
    if (!is_read) co_return;
  }
  Response response;
  if (route.kind == RouteKind::quick) {
    response = call(route.path, route.handler, request);
  } else {
    const bool is_costly = route.kind == RouteKind::costly;
    Network& network = connection.network();
    std::function<Response()> work = [&request, &route, &network, is_costly] {
      std::optional<CostlyTurn> turn;
      if (is_costly) turn.emplace(network);
      return call(route.path, route.handler, request);
    };
    const CostlyPlace place(network, is_costly);
    if (place.is_taken()) {
      response = co_await run_on(is_costly ? network.costly : network.workers,
                                 connection.lane().context, std::move(work));
    } else {
      response = to_response({429, "TOO_MANY_REQUESTS",
                              "Too many requests of this kind are waiting; send it again.", ""},
                             request.correlation_id);
    }
  }
  if (response.finish) {
    std::function<Response()> work = [&] {
      be_nice();
      return finish(route.path, std::move(response), request);
    };
    response =
        co_await run_on(connection.network().patient, connection.lane().context, std::move(work));
  }
  // Whoever lets in has not seen what stands in the body.
  const bool is_refused = response.status == 403 && response.problem;
  if (is_refused) note_refusal(request, route.path, response.status, response.problem->reason);
  co_await connection.answer(std::move(response));
}

/// The route that the request asks for; null, and the refusal in `response`, when there is none.
const Route* find_route(Connection& connection, Response& response) {
  Request& request = connection.request();
  const auto refuse = [&](const Problem& problem) -> const Route* {
    response = to_response(problem, request.correlation_id);
    return nullptr;
  };
  if (!request.has_path) {
    return refuse({400, "MALFORMED_REQUEST", "The request target is not a well-formed path.", ""});
  }
  Router::Match match = connection.network().router->find(request.method, request.path);
  if (match.route == nullptr && match.allowed.empty()) {
    return refuse({404, "NOT_FOUND", "There is nothing here; see /openapi.yaml.", ""});
  }
  if (match.route == nullptr) {
    refuse({405, "METHOD_NOT_ALLOWED", "Only " + match.allowed + " is allowed here.", ""});
    response.headers.emplace_back("Allow", match.allowed);
    return nullptr;
  }
  request.path_parameter = std::move(match.path_parameter);
  return match.route;
}

/// Whether the route takes such a query and body; the refusal in `response` when it does not.
bool takes(const Route& route, const Request& request, Response& response) {
  if (route.takes_anything) return true;
  if (const auto problem = query_problem(route, request)) {
    response = to_response(*problem, request.correlation_id);
    return false;
  }
  const auto problem = media_problem(route, request);
  if (!problem) return true;
  response = to_response(*problem, request.correlation_id);
  if (request.coding == ContentCoding::unknown) {
    response.headers.emplace_back("Accept-Encoding", "gzip");
  }
  return false;
}

/// Lets the request in to the route, where nobody has to say who it is. False, and the refusal in
/// `refusal`, when the route is for nobody who comes without.
bool admit_anybody(Connection& connection, const Route& route, Response& refusal) {
  Request& request = connection.request();
  if (connection.gate().admit(route.access, request.caller) == Gate::Verdict::admitted) return true;
  refusal = to_response(not_for_the_caller("no role"), request.correlation_id);
  return false;
}

/// `route` becomes the one that was asked for, if there is one.
Awaitable<void> serve(Connection& connection, const Route*& route) {
  Response refusal;
  route = find_route(connection, refusal);
  bool is_admitted = route != nullptr;
  if (is_admitted) {
    // Tokens may have to wait for keys; without them nothing waits.
    const bool is_open = route->access.is_for_anybody() || !connection.gate().looks_at_tokens();
    is_admitted = is_open ? admit_anybody(connection, *route, refusal)
                          : co_await admit_by_token(connection, *route, refusal);
  }
  if (!is_admitted || !takes(*route, connection.request(), refusal)) {
    co_await connection.answer(std::move(refusal));
    co_return;
  }
  const bool takes_body = route->body_bytes_max != 0;
  const bool is_packed = connection.request().coding == ContentCoding::gzip;
  if (takes_body && is_packed && !route->takes_anything) connection.unpack_body();
  if (route->serve) {
    co_await route->serve(connection);
  } else {
    co_await serve_handler(connection, *route);
  }
}

Awaitable<void> serve_all(Connection& connection) {
  while (!connection.is_closing() && connection.is_open()) {
    const bool has_request = co_await connection.read_head();
    if (!has_request) break;
    const Route* route = nullptr;
    co_await serve(connection, route);
    connection.log_answer(route == nullptr ? "" : route->path);
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
      const bool is_secured = co_await connection->secure();
      if (is_secured) co_await serve_all(*connection);
    }
    if (connection->is_open()) co_await connection->linger();
  } catch (const std::exception& exception) {
    // A connection must not take the process with it; what it was doing is in the log.
    log(LogLevel::error, "connection_failed", {{"reason", exception.what()}});
  }
  connection->close();
}

}  // namespace api
