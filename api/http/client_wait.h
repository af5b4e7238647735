#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace api {

/// How long a client has made us wait for a body or an answer, less what is due to the bytes that
/// moved: a second for each KiB. Without such a sum a client could keep a connection open for days,
/// a byte at a time.
class ClientWait {
 public:
  using Duration = std::chrono::steady_clock::duration;

  Duration time() const { return time_; }
  void add(Duration waited, std::size_t bytes) {
    const std::chrono::duration<double> due{static_cast<double>(bytes) / slowest_bytes_per_second};
    time_ += waited - std::chrono::duration_cast<Duration>(due);
    time_ = std::max(time_, Duration::zero());
  }
  /// What came was worth the wait: the time begins anew.
  void forgive() { time_ = {}; }

 private:
  static constexpr std::size_t slowest_bytes_per_second = 1U << 10;

  Duration time_{};
};

}  // namespace api
