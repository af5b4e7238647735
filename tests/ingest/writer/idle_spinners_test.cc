#include "ingest/writer/idle_spinners.h"

#include <gtest/gtest.h>

#include <functional>

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

TEST(IdleSpinners, AreNotNeeded) {
  IdleSpinners spinners(0);
  spinners.note_group();
  spinners.note_group();
  EXPECT_EQ(spinners.spinning(), 0U);
}

}  // namespace
}  // namespace ingest
