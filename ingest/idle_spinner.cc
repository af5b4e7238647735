#include "ingest/idle_spinner.h"

#include <sched.h>

namespace ingest {

IdleSpinner::IdleSpinner(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this, i] {
      if (getenv("PIN")) {
        cpu_set_t c;
        CPU_ZERO(&c);
        CPU_SET(i, &c);
        sched_setaffinity(0, sizeof c, &c);
      }
      run();
    });
}

IdleSpinner::~IdleSpinner() {
  stop_ = true;
  end_ = 0;
  ++calls_;
  calls_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void IdleSpinner::spin_until(std::chrono::steady_clock::time_point end) {
  end_.store(end.time_since_epoch().count());
  if (sleepers_.load() == 0) return;
  ++calls_;
  calls_.notify_all();
}

void IdleSpinner::run() {
  const sched_param none{};
  sched_setscheduler(0, SCHED_IDLE, &none);
  while (!stop_) {
    const auto calls = calls_.load();
    while (std::chrono::steady_clock::now().time_since_epoch().count() <
           end_.load(std::memory_order_relaxed)) {
      for (int i = 0; i < 16; ++i) __builtin_ia32_pause();
    }
    ++sleepers_;
    if (std::chrono::steady_clock::now().time_since_epoch().count() >= end_.load() && !stop_)
      calls_.wait(calls);
    --sleepers_;
  }
}

}  // namespace ingest
