#include "ingest/writer/idle_spinners.h"

#include <pthread.h>
#include <sched.h>

#include <thread>
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

IdleSpinners::IdleSpinners(std::size_t threads) : threads_(threads) {
  try {
    for (std::size_t i = 0; i < threads; ++i) {
      std::thread([shared = shared_] { shared->run(); }).detach();
    }
  } catch (...) {
    stop();
    throw;
  }
}

void IdleSpinners::stop() {
  shared_->is_stopping = true;
  shared_->end = Clock::time_point();
  shared_->wake();
}

void IdleSpinners::note_group() {
  const Clock::time_point now = Clock::now();
  const bool follows = now - last_group_ < pause_max;
  last_group_ = now;
  if (!follows) return;
  shared_->end = now + pause_max;
  if (shared_->spinning != threads_) shared_->wake();
}

void IdleSpinners::Shared::wake() {
  ++wakes;
  wakes.notify_all();
}

void IdleSpinners::Shared::run() {
  const sched_param no_priority{};
  if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &no_priority) != 0) return;
  while (!is_stopping) {
    // Read before the end: a wake-up that comes in between is not slept through.
    const std::uint32_t seen = wakes;
    if (Clock::now() >= end.load()) {
      wakes.wait(seen);
      continue;
    }
    ++spinning;
    while (Clock::now() < end.load(std::memory_order_relaxed)) relax();
    --spinning;
  }
}

}  // namespace ingest
