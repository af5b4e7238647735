#include "ledger/records/timeliness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "tests/support/builders.h"
#include "tests/support/print.h"
#include "tests/support/prng.h"

namespace ledger::test {
namespace {

TimelinessMonth month_with(const std::vector<std::uint32_t>& lags) {
  TimelinessMonth month;
  for (const std::uint32_t lag : lags) month.add_lag(lag);
  return month;
}

/// The nearest rank, from its definition: the smallest value that at least p % of them do not
/// exceed.
std::uint32_t nearest_rank(std::vector<std::uint32_t> lags, std::size_t percent) {
  std::sort(lags.begin(), lags.end());
  for (std::size_t i = 0; i < lags.size(); ++i) {
    const auto not_above = static_cast<std::size_t>(
        std::upper_bound(lags.begin(), lags.end(), lags[i]) - lags.begin());
    if (not_above * 100 >= percent * lags.size()) return lags[i];
  }
  return lags.back();
}

void expect_naive_figures(const std::vector<std::uint32_t>& lags) {
  const TimelinessFigures figures = figures_of(month_with(lags));
  const auto within = [&](std::uint32_t limit) {
    return static_cast<std::uint64_t>(
        std::count_if(lags.begin(), lags.end(), [&](std::uint32_t lag) { return lag <= limit; }));
  };
  ASSERT_EQ(figures.count, lags.size());
  EXPECT_EQ(figures.within[0], within(16));
  EXPECT_EQ(figures.within[1], within(24));
  EXPECT_EQ(figures.within[2], within(32));
  EXPECT_EQ(figures.over32(), lags.size() - within(32));
  if (lags.empty()) return;
  const auto count = static_cast<double>(lags.size());
  const std::uint32_t limits[] = {16, 24, 32};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_DOUBLE_EQ(*figures.share[i], static_cast<double>(within(limits[i])) / count);
  }
  EXPECT_DOUBLE_EQ(*figures.average_lag_days,
                   static_cast<double>(std::accumulate(lags.begin(), lags.end(), 0U)) / count);
  EXPECT_EQ(figures.p50, nearest_rank(lags, 50));
  EXPECT_EQ(figures.p90, nearest_rank(lags, 90));
  EXPECT_EQ(figures.p99, nearest_rank(lags, 99));
}

TEST(LagDays, counts_calendar_days_in_oslo_and_never_below_0) {
  struct Row {
    const char* service;
    const char* received;
    std::uint32_t lag;
  };
  for (const Row& row : {
           Row{"2025-03-01T10:00:00+01:00", "2025-03-01T23:59:59+01:00", 0},
           Row{"2025-03-01T23:59:59+01:00", "2025-03-02T00:00:00+01:00", 1},
           Row{"2025-03-01T00:00:00+01:00", "2025-03-17T23:59:59+01:00", 16},
           // Across the day of 23 hours and the one of 25.
           Row{"2025-03-29T23:30:00+01:00", "2025-03-31T00:30:00+02:00", 2},
           Row{"2025-10-25T23:30:00+02:00", "2025-10-27T00:30:00+01:00", 2},
           // The practice's clock ahead by minutes at midnight.
           Row{"2025-03-02T00:02:00+01:00", "2025-03-01T23:58:00+01:00", 0},
           Row{"2024-07-01T00:00:00+02:00", "2025-01-31T23:59:59+01:00", 214},
       }) {
    EXPECT_EQ(lag_days(oslo_date(instant(row.service)), oslo_date(instant(row.received))), row.lag)
        << row.service;
  }
}

TEST(TimelinessFigures, are_absent_when_nothing_came) {
  const TimelinessFigures figures = figures_of({});
  EXPECT_EQ(figures.count, 0U);
  EXPECT_EQ(figures.over32(), 0U);
  EXPECT_FALSE(figures.share[0].has_value());
  EXPECT_FALSE(figures.average_lag_days.has_value());
  EXPECT_FALSE(figures.p50.has_value());
  EXPECT_FALSE(figures.p99.has_value());
}

TEST(TimelinessFigures, put_a_limit_within_itself) {
  const TimelinessFigures figures = figures_of(month_with({16, 17, 24, 25, 32, 33}));
  EXPECT_EQ(figures.within[0], 1U);
  EXPECT_EQ(figures.within[1], 3U);
  EXPECT_EQ(figures.within[2], 5U);
  EXPECT_EQ(figures.over32(), 1U);
}

TEST(TimelinessFigures, take_percentiles_by_nearest_rank) {
  std::vector<std::uint32_t> lags(100);
  std::iota(lags.begin(), lags.end(), 1U);
  EXPECT_EQ(figures_of(month_with(lags)).p50, 50U);
  EXPECT_EQ(figures_of(month_with(lags)).p90, 90U);
  EXPECT_EQ(figures_of(month_with(lags)).p99, 99U);
  EXPECT_EQ(figures_of(month_with({7})).p99, 7U);
  EXPECT_EQ(figures_of(month_with({1, 2})).p50, 1U);
  EXPECT_EQ(figures_of(month_with({1, 2, 3})).p50, 2U);
  EXPECT_EQ(figures_of(month_with({0, 0, 0, 200})).p90, 200U);
}

TEST(TimelinessFigures, equal_a_naive_computation) {
  Prng random(16);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::uint32_t> lags(random.below(60));
    const std::uint64_t longest = 1 + random.below(215);
    for (auto& lag : lags) lag = static_cast<std::uint32_t>(random.below(longest));
    expect_naive_figures(lags);
    if (HasFailure()) FAIL() << "round " << round;
  }
}

TEST(TimelinessMonth, merges_into_the_sum_of_both) {
  TimelinessMonth a = month_with({0, 3, 3});
  a.duplicates = 2;
  a.add_rejected(Code::time_barred, 1);
  TimelinessMonth b = month_with({3, 10});
  b.duplicates = 5;
  b.add_rejected(Code::invalid_guid, 4);
  b.add_rejected(Code::time_barred, 2);
  a.merge(b);
  EXPECT_EQ(a.by_lag, month_with({0, 3, 3, 3, 10}).by_lag);
  EXPECT_EQ(a.duplicates, 7U);
  const std::vector<std::pair<Code, std::uint64_t>> rejected{{Code::invalid_guid, 4},
                                                             {Code::time_barred, 3}};
  EXPECT_EQ(a.rejected, rejected);
}

TEST(Practice, counts_the_days_on_which_something_came) {
  Practice practice;
  EXPECT_FALSE(practice.rhythm_days().has_value());
  EXPECT_FALSE(practice.is_silent(date("2099-01-01")));
  practice.note_received(date("2025-01-01"));
  practice.note_received(date("2025-01-01"));
  practice.note_received(date("2025-01-08"));
  EXPECT_EQ(practice.active_days, 2U);
  EXPECT_FALSE(practice.rhythm_days().has_value());
  practice.note_received(date("2025-01-05"));  // out of order: not counted again
  EXPECT_EQ(practice.active_days, 2U);
  practice.note_received(date("2025-01-15"));
  EXPECT_EQ(practice.active_days, 3U);
  EXPECT_DOUBLE_EQ(*practice.rhythm_days(), 7.0);
}

TEST(Practice, is_silent_for_longer_than_its_own_rhythm) {
  Practice practice;
  for (const char* day : {"2025-01-01", "2025-01-08", "2025-01-15"}) {
    practice.note_received(date(day));
  }
  EXPECT_FALSE(practice.is_silent(date("2025-01-15")));
  EXPECT_FALSE(practice.is_silent(date("2025-01-22")));
  EXPECT_TRUE(practice.is_silent(date("2025-01-23")));
}

}  // namespace
}  // namespace ledger::test
