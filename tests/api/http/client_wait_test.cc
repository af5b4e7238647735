#include "api/http/client_wait.h"

#include <gtest/gtest.h>

namespace api::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ClientWait, adds_up_over_pieces_that_are_small) {
  ClientWait wait;
  for (int i = 0; i < 10; ++i) wait.add(seconds{2}, 1);
  EXPECT_GT(wait.time(), seconds{19});
  wait.forgive();
  EXPECT_EQ(wait.time(), seconds{0});
}

TEST(ClientWait, is_paid_with_a_second_for_each_kib_and_not_in_advance) {
  ClientWait wait;
  wait.add(seconds{3}, 1 << 10);
  EXPECT_EQ(wait.time(), seconds{2});
  wait.add(milliseconds{1}, 1 << 20);
  EXPECT_EQ(wait.time(), seconds{0});
  wait.add(seconds{5}, 0);
  EXPECT_EQ(wait.time(), seconds{5});
}

}  // namespace
}  // namespace api::test
