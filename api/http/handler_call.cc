#include "api/http/handler_call.h"

#include <utility>

#include "api/http/awaitables.h"
#include "api/program/log.h"

namespace api {

Response call(const Route& route, const Request& request) {
  try {
    return route.handler(request);
  } catch (const std::exception& exception) {
    log(LogLevel::error, "handler_failed",
        {{"path", std::string(route.path)},
         {"reason", exception.what()},
         {"correlationId", request.correlation_id}});
    return to_response({500, "INTERNAL_ERROR", "The request could not be answered.", ""},
                       request.correlation_id);
  }
}

Awaitable<Response> call_slow(Connection& connection, const Route& route) {
  const Request& request = connection.request();
  std::function<Response()> work = [&request, &route] { return call(route, request); };
  co_return co_await run_on(connection.network().workers, connection.lane().context,
                            std::move(work));
}

}  // namespace api
