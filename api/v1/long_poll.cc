#include "api/v1/long_poll.h"

#include <utility>

#include "api/http/awaitables.h"
#include "api/http/handler_call.h"

namespace api {
namespace {

/// Zero while the ledger is closed.
ledger::Position newest_event(const Service& service) {
  const auto open = service.keeper().lease();
  return open ? open->files().state().newest_event() : ledger::Position{};
}

/// True when an item after this one has brought an event, durable or not. False at the deadline,
/// when too many wait, when the service stops, and when the client sends nothing more: it has gone,
/// or waits for the last answer.
Awaitable<bool> wait_for_event(Connection& connection, ledger::Position after,
                               Clock::time_point deadline) {
  const Service& service = connection.service();
  std::atomic<std::uint64_t>& waiting = http_counters().waiting_polls;
  if (waiting >= service.limits().waiting_polls_max) co_return newest_event(service) > after;
  ++waiting;
  connection.lane().polls.insert(&connection);
  connection.watch_input();
  connection.allow(deadline - Clock::now() + service.limits().slow_timeout);
  while (newest_event(service) <= after && Clock::now() < deadline &&
         !connection.network().is_draining && !connection.is_input_ended()) {
    connection.changed().expires_at(deadline);
    co_await connection.changed().async_wait(awaited);
  }
  connection.stop_reading();
  connection.lane().polls.erase(&connection);
  --waiting;
  co_return newest_event(service) > after;
}

}  // namespace

Awaitable<Response> poll(Connection& connection, const Route& route, Response nothing) {
  const Clock::time_point begin = Clock::now();
  const Clock::time_point deadline = begin + nothing.wait;
  Response response = std::move(nothing);
  while (response.again_after) {
    const ledger::Position after = *response.again_after;
    const bool has_event = co_await wait_for_event(connection, after, deadline);
    if (!has_event) break;
    // The event may be newer than the item waited for here: then the handler names it.
    const ledger::Position next{after.value() + 2};
    auto open = connection.service().keeper().lease();
    error_code error = make_error_code(ledger::Errc::store_unavailable);
    if (open && open->files().state().newest_event() <= after) {
      error = {};  // another ledger than the one that had the event, opened after a fault
    } else if (open) {
      auto [waited] = co_await async_wait_durable(*open, connection.lane().context, next, awaited);
      error = waited;
      open.reset();
    }
    if (error) {
      response = to_response(problem_of(error), connection.request().correlation_id);
    } else {
      response = co_await call_slow(connection, route);
    }
  }
  connection.leave_out(Clock::now() - begin);
  co_return response;
}

}  // namespace api
