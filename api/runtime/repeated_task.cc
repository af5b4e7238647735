#include "api/runtime/repeated_task.h"

#include <utility>

namespace api {

RepeatedTask::RepeatedTask(std::chrono::steady_clock::duration between, std::function<void()> task)
    : between_(between), task_(std::move(task)), thread_([this] { run(); }) {}

void RepeatedTask::run() {
  std::unique_lock lock(mutex_);
  while (!stop_requested_.wait_for(lock, between_, [this] { return is_stopping_; })) {
    lock.unlock();
    task_();
    lock.lock();
  }
}

bool RepeatedTask::stop() {
  if (!thread_.joinable()) return false;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stop_requested_.notify_one();
  thread_.join();
  return true;
}

}  // namespace api
