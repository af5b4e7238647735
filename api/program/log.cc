#include "api/program/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "ingest/items/clock.h"
#include "ingest/items/json_out.h"
#include "ledger/values/rfc3339.h"

namespace api {
namespace {

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

void log(LogLevel level, std::string_view event,
         std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  static constexpr std::string_view names[] = {"info", "warning", "error"};
  std::string line = "{\"time\":\"" + ledger::to_rfc3339(ingest::now()) + "\",\"level\":\"";
  line += names[static_cast<std::size_t>(level)];
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
