#include "api/http/precedence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace api {
namespace {

using std::chrono::milliseconds;

/// How many of the threads for private keys work at once, at the most, when all want to for long.
std::size_t most_at_once(Network& network) {
  std::atomic<std::size_t> at_once{0};
  std::atomic<std::size_t> most{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 2 * network.costly_threads; ++i) {
    threads.emplace_back([&] {
      const CostlyTurn turn(network);
      const std::size_t now = ++at_once;
      for (std::size_t known = most; known < now && !most.compare_exchange_weak(known, now);) {
      }
      std::this_thread::sleep_for(milliseconds(60));
      --at_once;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return most;
}

TEST(Precedence, lets_all_threads_work_while_nothing_prompt_is_served) {
  Network network(2, HttpLimits{});
  EXPECT_EQ(most_at_once(network), network.costly_threads);
  const PromptService other(network.lanes[1], false);
  EXPECT_EQ(most_at_once(network), network.costly_threads) << "a request that is not prompt";
}

TEST(Precedence, lets_half_of_them_work_while_something_prompt_is_served) {
  Network network(2, HttpLimits{});
  const std::size_t half = std::max<std::size_t>(1, network.costly_threads / 2);
  {
    const PromptService one(network.lanes[1], true);
    { const PromptService another(network.lanes[1], true); }
    std::this_thread::sleep_for(milliseconds(100));
    EXPECT_EQ(most_at_once(network), half) << "one is still served";
  }
  std::atomic<bool> is_ended{false};
  std::thread registrations([&] {
    while (!is_ended) {
      { const PromptService again(network.lanes[0], true); }
      std::this_thread::sleep_for(milliseconds(5));
    }
  });
  EXPECT_EQ(most_at_once(network), half) << "they come again and again";
  is_ended = true;
  registrations.join();
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(most_at_once(network), network.costly_threads);
}

}  // namespace
}  // namespace api
