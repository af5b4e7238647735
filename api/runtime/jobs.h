#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "storage/files/report_progress.h"
#include "storage/json/json.h"

namespace api {

/// What is known of long work in the background.
struct Job {
  enum class State : std::uint8_t { running, done, failed };
  State state = State::running;
  std::string phase;
  std::string unit;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::chrono::steady_clock::time_point phase_begin;
  std::string result;  ///< JSON, when done
  std::string error;   ///< when failed
};

/// How far a running job is: phase, unit, done, total, rate, time left.
storage::Json progress_json(const Job& job);

/// Long work of the service, one at a time, on a thread of low priority so that submissions go
/// first. The newest that have ended are remembered until the process ends.
class Jobs {
 public:
  /// Does the work and returns its result as JSON; throws what went wrong. Ends early when
  /// `report` throws.
  using Work = std::function<std::string(const storage::ReportProgress& report)>;

  ~Jobs() { stop("the service is stopping"); }

  /// Starts the work under a name. False when other work is running; true also when that is the
  /// work of this name. Throws std::system_error when the machine gives no thread for it; nothing
  /// has changed then.
  bool start(const std::string& name, Work work);
  std::optional<Job> find(const std::string& name) const;
  std::string running() const;  ///< the name; empty when nothing runs

  /// Ends what runs at its next report of progress, for this reason, and waits for it; nothing
  /// starts until resume().
  void stop(const std::string& reason);
  void resume();

 private:
  struct Named {
    std::string name;
    Job job;
  };
  void run(const std::string& name, const Work& work);

  mutable std::mutex mutex_;
  std::list<Named> jobs_;    // each name once, in the order in which they were started
  bool is_running_ = false;  // the last of them
  std::atomic<bool> is_stopping_{false};
  std::string stop_reason_;
  std::thread thread_;
};

}  // namespace api
