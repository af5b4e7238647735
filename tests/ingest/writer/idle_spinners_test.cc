#include "ingest/writer/idle_spinners.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

/// At the lowest priority: on a busy machine a spinning thread is seen late.
bool comes_true(const std::function<bool()>& condition) {
  const auto end = Clock::now() + seconds{60};
  while (!condition()) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds{100});
  }
  return true;
}

TEST(IdleSpinners, SpinWhileGroupsFollowEachOtherAndSleepAfterwards) {
  IdleSpinners spinners(2);
  EXPECT_TRUE(comes_true([&] {
    for (int group = 0; group < 2; ++group) spinners.note_group();
    return spinners.spinning() == 2;
  }));
  EXPECT_TRUE(comes_true([&] { return spinners.spinning() == 0; }));
}

TEST(IdleSpinners, SleepWhileGroupsComeSeldom) {
  IdleSpinners spinners(2);
  for (int group = 0; group < 20; ++group) {
    spinners.note_group();
    std::this_thread::sleep_for(milliseconds{5});
    EXPECT_EQ(spinners.spinning(), 0U);
  }
}

TEST(IdleSpinners, EndWhileTheySpin) {
  for (int round = 0; round < 50; ++round) {
    IdleSpinners spinners(2);
    spinners.note_group();
    spinners.note_group();
  }
}

/// So that other programs, who take all processors, do not keep a service from ending.
TEST(IdleSpinners, AreNotWaitedForWhileProcessorsAreBusy) {
  std::atomic<bool> is_done{false};
  std::vector<std::thread> others;
  for (unsigned i = 0; i < 4 * std::thread::hardware_concurrency(); ++i) {
    others.emplace_back([&is_done] {
      while (!is_done) continue;
    });
  }
  Clock::duration longest{};
  for (int round = 0; round < 20; ++round) {
    auto spinners = std::make_unique<IdleSpinners>(2);
    spinners->note_group();
    spinners->note_group();
    const auto begin = Clock::now();
    spinners.reset();
    longest = std::max(longest, Clock::now() - begin);
  }
  is_done = true;
  for (std::thread& other : others) other.join();
  EXPECT_LT(longest, seconds{1});
}

TEST(IdleSpinners, AreNotNeeded) {
  IdleSpinners spinners(0);
  spinners.note_group();
  spinners.note_group();
  EXPECT_EQ(spinners.spinning(), 0U);
}

}  // namespace
}  // namespace ingest
