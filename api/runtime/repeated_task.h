#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace api {

/// Does something again and again on a thread of its own, because it waits for entries of the
/// journal, until stop().
class RepeatedTask {
 public:
  RepeatedTask(std::chrono::steady_clock::duration between, std::function<void()> task);
  ~RepeatedTask() { stop(); }
  RepeatedTask(const RepeatedTask&) = delete;
  RepeatedTask& operator=(const RepeatedTask&) = delete;

  /// Returns when the task does not run and will not run any more. True the first time.
  bool stop();

 private:
  void run();

  const std::chrono::steady_clock::duration between_;
  const std::function<void()> task_;
  std::mutex mutex_;
  std::condition_variable stop_requested_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace api
