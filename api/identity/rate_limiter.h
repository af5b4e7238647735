#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace api {

/// So many a second in the long run, and so many at once. Zero a second: no limit.
struct Rate {
  std::uint64_t per_second = 0;
  std::uint64_t burst = 0;
};

/// What each client and each practice may send.
struct Rates {
  Rate client_requests;
  Rate client_items;
  Rate practice_requests;
  Rate practice_items;
};

/// Why something is to come later; as the headers `Retry-After`, `RateLimit` and
/// `RateLimit-Policy` say it (draft-ietf-httpapi-ratelimit-headers-11).
struct RateExcess {
  std::string_view policy;  ///< a literal
  Rate rate;
  std::uint64_t retry_after_s = 1;
};

/// Keeps one rate for each of many names. From any thread.
class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit RateLimiter(std::string_view policy) : policy_(policy) {}

  /// Takes `amount`, or says when it can be taken. What is larger than the burst is taken when all
  /// of the burst is there, and the next then waits the longer.
  std::optional<RateExcess> take(const Rate& rate, const std::string& name, std::uint64_t amount,
                                 Time now);
  /// What take() would say; takes nothing.
  std::optional<RateExcess> excess(const Rate& rate, const std::string& name, std::uint64_t amount,
                                   Time now) const;
  /// Takes `amount`, also when that is more than there is: the next then waits the longer.
  void charge(const Rate& rate, const std::string& name, std::uint64_t amount, Time now);

 private:
  // REQUIRES: mutex_ is locked.
  std::optional<RateExcess> excess_now(const Rate& rate, const std::string& name,
                                       std::uint64_t amount, Time now) const;
  void charge_now(const Rate& rate, const std::string& name, std::uint64_t amount, Time now);
  void make_room(Time now);

  const std::string_view policy_;
  mutable std::mutex mutex_;
  /// When all of the burst is there again: what is in the past needs no entry.
  std::unordered_map<std::string, Time> full_at_;
};

}  // namespace api
