#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace api {

/// What the HTTP server counts for /metrics; written on network threads without locks.
struct HttpCounters {
  static constexpr std::array<double, 12> latency_bounds_seconds{
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30};

  std::atomic<std::uint64_t> connections{0};  ///< open now
  std::atomic<std::uint64_t> connections_total{0};
  std::atomic<std::uint64_t> refused_connections_total{0};
  std::atomic<std::uint64_t> failed_handshakes_total{0};  ///< of TLS
  std::atomic<std::uint64_t> unauthenticated_total{0};    ///< answered 401
  std::atomic<std::uint64_t> forbidden_total{0};          ///< answered 403
  std::atomic<std::uint64_t> limited_total{0};            ///< answered 429 for a rate
  std::atomic<std::uint64_t> held_bytes{0};               ///< of bodies and answers, in memory now
  std::atomic<std::uint64_t> unread_bytes{0};             ///< of these, of answers that wait
  std::atomic<std::uint64_t> waiting_polls{0};            ///< requests that wait for events now
  std::array<std::atomic<std::uint64_t>, 6> responses_by_class{};  ///< index 2 = 2xx
  std::array<std::atomic<std::uint64_t>, latency_bounds_seconds.size() + 1> latency{};
  std::atomic<std::uint64_t> latency_sum_us{0};

  void count_response(unsigned status, double seconds) {
    ++responses_by_class[status / 100 % 6];
    std::size_t bucket = 0;
    while (bucket < latency_bounds_seconds.size() && seconds > latency_bounds_seconds[bucket]) {
      ++bucket;
    }
    ++latency[bucket];
    latency_sum_us += static_cast<std::uint64_t>(seconds * 1e6);
  }
};

HttpCounters& http_counters();

}  // namespace api
