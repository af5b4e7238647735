#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace ingest {

/// Threads that keep processors from falling asleep while small commit groups follow each other
/// without a pause.
///
/// A processor goes to sleep when all its threads wait for a sync of 0.2 ms. On a virtual machine
/// Linux takes a sleeping processor for one that the host has lent to others. It then wakes threads
/// on a processor that is busy, and single items become an eighth slower. A processor that spins is
/// awake. The spinning thread has the policy SCHED_IDLE, so any other thread of the machine gets
/// the processor at once.
class IdleSpinners {
 public:
  /// With 0 threads nothing ever spins.
  explicit IdleSpinners(std::size_t threads);
  ~IdleSpinners();
  IdleSpinners(const IdleSpinners&) = delete;
  IdleSpinners& operator=(const IdleSpinners&) = delete;

  /// A small group is about to be synced. By one thread at a time.
  void note_group();

  /// How many threads spin now, or would if others left them a processor.
  std::size_t spinning() const { return spinning_; }

 private:
  using Clock = std::chrono::steady_clock;

  void run();

  Clock::time_point last_group_;
  std::atomic<Clock::time_point> end_{};  // of spinning
  std::atomic<std::size_t> spinning_{0};
  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ingest
