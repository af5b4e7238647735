#pragma once

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace ingest {

class IdleSpinner {
 public:
  explicit IdleSpinner(std::size_t threads);
  ~IdleSpinner();
  IdleSpinner(const IdleSpinner&) = delete;
  IdleSpinner& operator=(const IdleSpinner&) = delete;

  void spin_until(std::chrono::steady_clock::time_point end);

 private:
  void run();
  std::atomic<std::int64_t> end_{0};
  std::atomic<std::uint32_t> sleepers_{0};
  std::atomic<std::uint32_t> calls_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace ingest
