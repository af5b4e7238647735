#pragma once

#include "api/connection.h"
#include "api/router.h"

namespace api {

/// Calls the handler here. When it throws it has met a defect: the caller gets a 500, the log the
/// reason.
Response call(const Route& route, const Request& request);
/// Calls the handler on a worker thread.
Awaitable<Response> call_slow(Connection& connection, const Route& route);

/// For a handler that had nothing to tell yet: calls it again whenever there are events that it has
/// not seen, until it has an answer or the time is over.
///
/// Meanwhile the request waits on its network thread and holds nothing but its connection. After
/// each commit group that may have brought events, HttpServer::deliver() wakes all that wait.
Awaitable<Response> poll(Connection& connection, const Route& route, Response nothing);

}  // namespace api
