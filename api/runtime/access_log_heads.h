#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "ledger/records/entry.h"
#include "ledger/values/result.h"
#include "storage/access_log/access_log.h"

namespace api {

/// Has the journal name the head of the access log, so that a log whose end is cut off does not
/// verify: at least once in each minute in which somebody asked, and at the end. Has a thread of
/// its own, because an entry of the journal is waited for.
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
  void run();
  void name_head();

  const storage::AccessLog& log_;
  const Append append_;
  const std::chrono::steady_clock::duration between_;
  std::uint64_t named_ = 0;  // blocks; of the thread, then of stop()
  std::mutex mutex_;
  std::condition_variable stop_requested_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace api
