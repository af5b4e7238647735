#include "api/identity/rate_limiter.h"

#include <gtest/gtest.h>

namespace api::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateLimiter, lets_the_burst_pass_and_then_the_rate) {
  RateLimiter limiter("requests");
  const Rate rate{10, 3};
  const RateLimiter::Time begin{seconds{1000}};
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.take(rate, "a", 1, begin));
  const auto excess = limiter.take(rate, "a", 1, begin);
  ASSERT_TRUE(excess);
  EXPECT_EQ(excess->policy, "requests");
  EXPECT_EQ(excess->retry_after_s, 1U);
  EXPECT_FALSE(limiter.take(rate, "b", 1, begin)) << "each name has its own";
  EXPECT_TRUE(limiter.take(rate, "a", 1, begin + milliseconds{99}));
  EXPECT_FALSE(limiter.take(rate, "a", 1, begin + milliseconds{100}));
  EXPECT_TRUE(limiter.take(rate, "a", 1, begin + milliseconds{100}));
}

TEST(RateLimiter, takes_what_is_larger_than_the_burst_and_then_waits_the_longer) {
  RateLimiter limiter("items");
  const Rate rate{10, 10};
  const RateLimiter::Time begin{seconds{1000}};
  EXPECT_FALSE(limiter.take(rate, "a", 100, begin));
  EXPECT_EQ(limiter.take(rate, "a", 1, begin)->retry_after_s, 10U);
  EXPECT_TRUE(limiter.take(rate, "a", 1, begin + seconds{9}));
  EXPECT_FALSE(limiter.take(rate, "a", 1, begin + seconds{10}));
}

TEST(RateLimiter, that_is_only_asked_takes_nothing) {
  RateLimiter limiter("requests");
  const Rate rate{10, 3};
  const RateLimiter::Time begin{seconds{1000}};
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(limiter.excess(rate, "a", 3, begin));
  limiter.charge(rate, "a", 3, begin);
  EXPECT_TRUE(limiter.excess(rate, "a", 1, begin));
  EXPECT_FALSE(limiter.excess(rate, "a", 0, begin));
}

TEST(RateLimiter, without_a_rate_limits_nothing) {
  RateLimiter limiter("items");
  EXPECT_FALSE(limiter.take({}, "a", 1'000'000'000, RateLimiter::Time{}));
}

}  // namespace
}  // namespace api::test
