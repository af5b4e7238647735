#pragma once

#include <string_view>

#include "api/http/http_message.h"

namespace api {

/// Counts and logs that a request was refused for who sent it, whoever judged that. `path` is that
/// of the route, and `reason` a literal: of what the request has told the log has its client's name
/// alone.
void note_refusal(const Request& request, std::string_view path, unsigned status,
                  std::string_view reason);

}  // namespace api
