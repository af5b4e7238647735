#pragma once

#include <memory>

#include "api/http/connection.h"

namespace api {

/// Serves the connection until it ends: each request goes to its route, and its answer back. With
/// `is_surplus` the connection is one too many and is only told so.
Awaitable<void> run_session(std::shared_ptr<Connection> connection, bool is_surplus);

}  // namespace api
