#include "ingest/writer/idle_spinners.h"

#include <pthread.h>
#include <sched.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace ingest {
namespace {

/// Groups further apart than this are so few that spinning would only burn power. Shorter than half
/// a millisecond, and spinning ends between groups of a full load.
constexpr std::chrono::milliseconds pause_max{1};

/// Leaves the processor's other half to whoever runs there.
void relax() {
#ifdef __x86_64__
  for (int i = 0; i < 16; ++i) _mm_pause();
#endif
}

}  // namespace

IdleSpinners::IdleSpinners(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

IdleSpinners::~IdleSpinners() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    end_ = Clock::time_point();
  }
  woken_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void IdleSpinners::note_group() {
  const Clock::time_point now = Clock::now();
  const bool follows = now - last_group_ < pause_max;
  last_group_ = now;
  if (!follows) return;
  end_ = now + pause_max;
  if (spinning_ == threads_.size()) return;
  // One that has just seen the old end is waiting when the lock has been had.
  { const std::lock_guard lock(mutex_); }
  woken_.notify_all();
}

void IdleSpinners::run() {
  const sched_param no_priority{};
  if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &no_priority) != 0) return;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      woken_.wait(lock, [this] { return is_stopping_ || Clock::now() < end_.load(); });
      if (is_stopping_) return;
      ++spinning_;
    }
    while (Clock::now() < end_.load(std::memory_order_relaxed)) relax();
    --spinning_;
  }
}

}  // namespace ingest
