#include "api/http/access_refusal.h"

#include <chrono>
#include <string>

#include "api/http/http_counters.h"
#include "api/program/log.h"

namespace api {
namespace {

using Clock = std::chrono::steady_clock;

/// Refusals that are logged in a second; a flood of them shall not fill the disk.
constexpr unsigned logged_a_second_max = 50;

void count(unsigned status) {
  HttpCounters& counters = http_counters();
  if (status == 401) ++counters.unauthenticated_total;
  if (status == 403) ++counters.forbidden_total;
  if (status == 429) ++counters.limited_total;
}

/// By this thread.
bool are_too_many_logged() {
  thread_local Clock::time_point second;
  thread_local unsigned logged = 0;
  const Clock::time_point now = Clock::now();
  if (now - second >= std::chrono::seconds{1}) {
    second = now;
    logged = 0;
  }
  return ++logged > logged_a_second_max;
}

}  // namespace

void note_refusal(const Request& request, std::string_view path, unsigned status,
                  std::string_view reason) {
  count(status);
  if (are_too_many_logged()) return;
  log(LogLevel::warning, "access_refused",
      {{"status", std::to_string(status)},
       {"reason", std::string(reason)},
       {"path", std::string(path)},
       {"caller", request.caller.name},
       {"correlationId", request.correlation_id}});
}

}  // namespace api
