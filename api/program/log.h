#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace api {

enum class LogLevel { info, warning, error };

/// One JSON line on standard error: time, level, event and fields. Fields must never hold a
/// national number; as a net, runs of eleven digits and more are hidden.
void log(LogLevel level, std::string_view event,
         std::initializer_list<std::pair<std::string_view, std::string>> fields = {});

}  // namespace api
