#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace api {

enum class LogLevel { debug, info, warning, error };

/// Nothing when there is no such level.
std::optional<LogLevel> log_level_named(std::string_view name);

/// What is below is not logged from now on; `info` in the beginning. From any thread.
void set_log_level(LogLevel least);
bool is_logged(LogLevel level);

/// One JSON line on standard error: time, level, event and fields. Fields must never hold a
/// national number; as a net, runs of eleven digits and more are hidden.
void log(LogLevel level, std::string_view event,
         std::initializer_list<std::pair<std::string_view, std::string>> fields = {});

}  // namespace api
