#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "api/runtime/repeated_task.h"
#include "ledger/records/entry.h"
#include "ledger/values/result.h"
#include "storage/access_log/access_log.h"

namespace api {

/// Has the journal name the head of the access log, so that a log whose end is cut off does not
/// verify: at least once in each minute in which somebody asked, and at the end.
class AccessLogHeads {
 public:
  using Append = std::function<ledger::Result<ledger::Position>(ledger::Entry)>;

  static constexpr std::chrono::seconds interval{20};

  /// The log must stay until stop().
  AccessLogHeads(const storage::AccessLog& log, Append append,
                 std::chrono::steady_clock::duration between = interval);
  ~AccessLogHeads();
  AccessLogHeads(const AccessLogHeads&) = delete;
  AccessLogHeads& operator=(const AccessLogHeads&) = delete;

  /// Names the head a last time, as far as that is still possible.
  void stop();

 private:
  void name_head();

  const storage::AccessLog& log_;
  const Append append_;
  std::uint64_t named_ = 0;  // blocks; of the task, then of stop()
  RepeatedTask naming_;
};

}  // namespace api
