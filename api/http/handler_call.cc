#include "api/http/handler_call.h"

#include <utility>

#include "api/http/problem.h"
#include "api/program/log.h"

namespace api {

Response call(std::string_view path, const Handler& handle, const Request& request) {
  try {
    return handle(request);
  } catch (const std::exception& exception) {
    log(LogLevel::error, "handler_failed",
        {{"path", std::string(path)},
         {"reason", exception.what()},
         {"correlationId", request.correlation_id}});
    return to_response({500, "INTERNAL_ERROR", "The request could not be answered.", ""},
                       request.correlation_id);
  }
}

Response finish(std::string_view path, Response begun, const Request& request) {
  const auto rest = std::exchange(begun.finish, nullptr);
  const Handler handle = [&](const Request&) {
    rest(begun);
    return std::move(begun);
  };
  return call(path, handle, request);
}

}  // namespace api
