#include "api/http/precedence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace api {
namespace {

using std::chrono::milliseconds;

/// Long enough for all threads to come in, however busy the machine is.
constexpr milliseconds patience{20'000};
/// Long enough for one thread too many to come in, were it let in.
constexpr milliseconds short_while{60};

/// How many of the threads for private keys work at once when all want to. Each stays until all are
/// at work, or for `stay`.
std::size_t most_at_once(Network& network, milliseconds stay) {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t at_once = 0;
  std::size_t most = 0;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 2 * network.costly_threads; ++i) {
    threads.emplace_back([&] {
      const CostlyTurn turn(network);
      std::unique_lock lock(mutex);
      most = std::max(most, ++at_once);
      changed.notify_all();
      changed.wait_for(lock, stay, [&] { return most >= network.costly_threads; });
      --at_once;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return most;
}

TEST(Precedence, lets_all_threads_work_while_nothing_prompt_is_served) {
  Network network(2, HttpLimits{});
  EXPECT_EQ(most_at_once(network, patience), network.costly_threads);
}

TEST(Precedence, lets_half_of_them_work_while_something_prompt_is_served) {
  Network network(2, HttpLimits{});
  const std::size_t half = std::max<std::size_t>(1, network.costly_threads / 2);
  {
    const PromptService one(network.lanes[1]);
    { const PromptService another(network.lanes[1]); }
    EXPECT_EQ(most_at_once(network, short_while), half) << "one is still served";
  }
  std::atomic<bool> is_ended{false};
  std::thread registrations([&] {
    while (!is_ended) const PromptService again(network.lanes[0]);
  });
  EXPECT_EQ(most_at_once(network, short_while), half) << "they come again and again";
  is_ended = true;
  registrations.join();
  EXPECT_EQ(most_at_once(network, patience), network.costly_threads) << "they have ended";
}

}  // namespace
}  // namespace api
