#include "api/identity/rate_limiter.h"

#include <algorithm>

namespace api {
namespace {

/// Names with an entry; beyond it some are forgotten.
constexpr std::size_t names_max = 100'000;

using Nanoseconds = std::chrono::duration<double, std::nano>;

std::chrono::steady_clock::duration time_for(const Rate& rate, std::uint64_t amount) {
  const Nanoseconds time{static_cast<double>(amount) * 1e9 / static_cast<double>(rate.per_second)};
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(time);
}

}  // namespace

std::optional<RateExcess> RateLimiter::take(const Rate& rate, const std::string& name,
                                            std::uint64_t amount, Time now) {
  const std::lock_guard lock(mutex_);
  auto excess = excess_now(rate, name, amount, now);
  if (!excess) charge_now(rate, name, amount, now);
  return excess;
}

std::optional<RateExcess> RateLimiter::excess(const Rate& rate, const std::string& name,
                                              std::uint64_t amount, Time now) const {
  const std::lock_guard lock(mutex_);
  return excess_now(rate, name, amount, now);
}

void RateLimiter::charge(const Rate& rate, const std::string& name, std::uint64_t amount,
                         Time now) {
  const std::lock_guard lock(mutex_);
  charge_now(rate, name, amount, now);
}

std::optional<RateExcess> RateLimiter::excess_now(const Rate& rate, const std::string& name,
                                                  std::uint64_t amount, Time now) const {
  if (rate.per_second == 0 || amount == 0) return std::nullopt;
  const std::uint64_t burst = std::max<std::uint64_t>(rate.burst, 1);
  const auto found = full_at_.find(name);
  const Time full_at = found == full_at_.end() ? now : std::max(found->second, now);
  // After it was taken no more than the burst may be owed.
  const Time from = full_at + time_for(rate, std::min(amount, burst)) - time_for(rate, burst);
  if (from <= now) return std::nullopt;
  const auto wait = std::chrono::ceil<std::chrono::seconds>(from - now);
  return RateExcess{policy_, rate,
                    std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wait.count()))};
}

void RateLimiter::charge_now(const Rate& rate, const std::string& name, std::uint64_t amount,
                             Time now) {
  if (rate.per_second == 0 || amount == 0) return;
  if (full_at_.size() >= names_max) make_room(now);
  Time& full_at = full_at_.try_emplace(name, now).first->second;
  full_at = std::max(full_at, now) + time_for(rate, amount);
}

void RateLimiter::make_room(Time now) {
  std::erase_if(full_at_, [now](const auto& entry) { return entry.second <= now; });
  while (full_at_.size() >= names_max) full_at_.erase(full_at_.begin());
}

}  // namespace api
