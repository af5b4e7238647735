#pragma once

#include "api/http/connection.h"
#include "api/http/router.h"

namespace api {

/// Calls the handler here. When it throws it has met a defect: the caller gets a 500, the log the
/// reason.
Response call(const Route& route, const Request& request);
/// Calls the handler on a worker thread.
Awaitable<Response> call_slow(Connection& connection, const Route& route);

}  // namespace api
