#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "api/http/connection.h"
#include "api/runtime/ledger_keeper.h"

namespace api {

/// The answer to a poll, or what to wait for.
struct PollAnswer {
  Response response;
  /// Nothing to tell yet: when an event of an item after this one is durable the handler is called
  /// again. After `wait` at most, the answer leaves as it is.
  std::optional<ledger::Position> again_after;
  std::chrono::seconds wait{0};
};

using PollHandler = std::function<PollAnswer(OpenLedger&, const Request&)>;

/// An endpoint that waits for events.
///
/// While it waits a request stays on its network thread and holds nothing but its connection. After
/// each commit group that may have brought events, HttpServer::wake_watching() wakes all that wait.
struct LongPoll {
  std::string_view path;  ///< in the table of routes
  const LedgerKeeper& keeper;
  std::size_t waiting_max;  ///< when more wait, nobody else does
  PollHandler handle;       ///< called on a worker thread

  /// Calls the handler until it has an answer or the time is over, and answers.
  Awaitable<void> serve(Connection& connection) const;
};

}  // namespace api
