#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

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
  /// The threads end when they get a processor, which may be later.
  ~IdleSpinners() { stop(); }
  IdleSpinners(const IdleSpinners&) = delete;
  IdleSpinners& operator=(const IdleSpinners&) = delete;

  /// A small group is about to be synced. By one thread at a time.
  void note_group();

  /// How many threads spin now, or would if others left them a processor.
  std::size_t spinning() const { return shared_->spinning; }

 private:
  using Clock = std::chrono::steady_clock;

  /// What the threads share with their owner. They hold no lock, and nobody waits for them: while
  /// other programs take all processors, a thread of SCHED_IDLE stands still for many seconds.
  struct Shared {
    std::atomic<Clock::time_point> end{};  // of spinning
    std::atomic<std::size_t> spinning{0};
    std::atomic<std::uint32_t> wakes{0};
    std::atomic<bool> is_stopping{false};

    void wake();
    void run();
  };

  void stop();

  const std::size_t threads_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  Clock::time_point last_group_;
};

}  // namespace ingest
