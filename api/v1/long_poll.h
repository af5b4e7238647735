#pragma once

#include "api/http/connection.h"
#include "api/http/router.h"

namespace api {

/// For a handler that had nothing to tell yet: calls it again whenever there are events that it has
/// not seen, until it has an answer or the time is over.
///
/// Meanwhile the request waits on its network thread and holds nothing but its connection. After
/// each commit group that may have brought events, HttpServer::deliver() wakes all that wait.
Awaitable<Response> poll(Connection& connection, const Route& route, Response nothing);

}  // namespace api
