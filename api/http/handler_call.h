#pragma once

#include "api/http/router.h"

namespace api {

/// What `handle` answers, which stands at `path` in the table of routes. When it throws it has met
/// a defect: the caller gets a 500, the log the reason.
Response call(std::string_view path, const Handler& handle, const Request& request);

/// The same of an answer that has something left to do (Response::finish).
Response finish(std::string_view path, Response begun, const Request& request);

}  // namespace api
