#include "api/program/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "ingest/items/clock.h"
#include "ingest/items/json_out.h"
#include "ledger/values/rfc3339.h"

namespace api {
namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warning", "error"};

std::atomic<LogLevel> least_level{LogLevel::info};

spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = spdlog::stderr_logger_mt("frikort");
    made->set_pattern("%v");
    return made;
  }();
  return *logger;
}

std::string hide_numbers(std::string text) {
  std::size_t run = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] >= '0' && text[i] <= '9') {
      ++run;
      continue;
    }
    if (run >= 11)
      std::fill(text.begin() + static_cast<std::ptrdiff_t>(i - run),
                text.begin() + static_cast<std::ptrdiff_t>(i), '*');
    run = 0;
  }
  return text;
}

}  // namespace

std::optional<LogLevel> log_level_named(std::string_view name) {
  const auto* const found = std::find(level_names.begin(), level_names.end(), name);
  if (found == level_names.end()) return std::nullopt;
  return static_cast<LogLevel>(found - level_names.begin());
}

void set_log_level(LogLevel least) { least_level = least; }

bool is_logged(LogLevel level) { return level >= least_level; }

void log(LogLevel level, std::string_view event,
         std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  if (!is_logged(level)) return;
  std::string line = "{\"time\":\"" + ledger::to_rfc3339(ingest::now()) + "\",\"level\":\"";
  line += level_names[static_cast<std::size_t>(level)];
  line += "\",\"event\":";
  ingest::append_json_string(line, event);
  for (const auto& [name, value] : fields) {
    line += ',';
    ingest::append_json_string(line, name);
    line += ':';
    ingest::append_json_string(line, hide_numbers(value));
  }
  line += '}';
  sink().info(line);
}

}  // namespace api
