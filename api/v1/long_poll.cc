#include "api/v1/long_poll.h"

#include <utility>

#include "api/http/awaitables.h"
#include "api/http/handler_call.h"
#include "api/http/http_counters.h"

namespace api {
namespace {

/// Zero while the ledger is closed.
ledger::Position newest_event(const LedgerKeeper& keeper) {
  const auto open = keeper.lease();
  return open ? open->files().state().newest_event() : ledger::Position{};
}

/// True when an item after this one has brought an event, durable or not. False at the deadline,
/// when too many wait, when the service stops, and when the client sends nothing more: it has gone,
/// or waits for the last answer.
Awaitable<bool> wait_for_event(const LongPoll& poll, Connection& connection, ledger::Position after,
                               Clock::time_point deadline) {
  std::atomic<std::uint64_t>& waiting = http_counters().waiting_polls;
  if (waiting >= poll.waiting_max) co_return newest_event(poll.keeper) > after;
  ++waiting;
  connection.lane().watching.insert(&connection);
  connection.watch_input();
  connection.allow(deadline - Clock::now() + connection.limits().slow_timeout);
  while (newest_event(poll.keeper) <= after && Clock::now() < deadline &&
         !connection.network().is_draining && !connection.is_input_ended()) {
    connection.changed().expires_at(deadline);
    co_await connection.changed().async_wait(awaited);
  }
  connection.stop_reading();
  connection.lane().watching.erase(&connection);
  --waiting;
  co_return newest_event(poll.keeper) > after;
}

/// Waits until the event that has come is durable.
Awaitable<error_code> wait_until_durable(const LongPoll& poll, Connection& connection,
                                         ledger::Position after) {
  auto open = poll.keeper.lease();
  if (!open) co_return make_error_code(ledger::Errc::store_unavailable);
  // Another ledger than the one that had the event, opened after a fault?
  if (open->files().state().newest_event() <= after) co_return error_code();
  // The event may be newer than the item waited for here: then the handler names it.
  const ledger::Position next{after.value() + 2};
  Response::When when = [kept = std::move(open), next](auto ready) {
    kept->when_durable(next, std::move(ready));
  };
  auto [error] = co_await async_when(std::move(when), connection.lane().context, awaited);
  co_return error;
}

Awaitable<PollAnswer> ask(const LongPoll& poll, Connection& connection) {
  const Request& request = connection.request();
  std::function<PollAnswer()> work = [&poll, &request] {
    PollAnswer answer;
    Handler handle = [&](const Request& asked) {
      const auto open = poll.keeper.lease();
      if (!open) {
        return to_response(problem_of(ledger::Errc::store_unavailable), asked.correlation_id);
      }
      answer = poll.handle(*open, asked);
      return std::move(answer.response);
    };
    answer.response = call(poll.path, handle, request);
    return answer;
  };
  co_return co_await run_on(connection.network().workers, connection.lane().context,
                            std::move(work));
}

}  // namespace

Awaitable<void> LongPoll::serve(Connection& connection) const {
  PollAnswer answer = co_await ask(*this, connection);
  const Clock::time_point begin = Clock::now();
  const Clock::time_point deadline = begin + answer.wait;
  while (answer.again_after) {
    const ledger::Position after = *answer.again_after;
    const bool has_event = co_await wait_for_event(*this, connection, after, deadline);
    if (!has_event) break;
    const error_code error = co_await wait_until_durable(*this, connection, after);
    if (error) {
      answer.response = to_response(problem_of(error), connection.request().correlation_id);
      break;
    }
    answer = co_await ask(*this, connection);
  }
  connection.leave_out(Clock::now() - begin);
  co_await connection.answer(std::move(answer.response));
}

}  // namespace api
