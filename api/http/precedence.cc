#include "api/http/precedence.h"

#include <algorithm>
#include <chrono>
#include <mutex>

namespace api {
namespace {

/// So long after a prompt request the next one is expected.
constexpr std::chrono::milliseconds prompt_pause_max{50};
/// Between two looks whether a turn can be had, where none ends.
constexpr std::chrono::milliseconds turn_look_interval{5};

/// Prompt requests are being served, or have been just now.
bool is_prompt_wanted(const Network& network) {
  const Clock::rep since = (Clock::now() - prompt_pause_max).time_since_epoch().count();
  return std::any_of(network.lanes.begin(), network.lanes.end(), [since](const Lane& lane) {
    return lane.prompt_requests.load(std::memory_order_relaxed) != 0 ||
           lane.prompt_ended.load(std::memory_order_relaxed) > since;
  });
}

}  // namespace

CostlyTurn::CostlyTurn(Network& network) : network_(network) {
  be_nice();
  std::unique_lock lock(network.costly_mutex);
  const auto is_free = [&network] {
    const std::size_t all = network.costly_threads;
    return network.costly_turns <
           (is_prompt_wanted(network) ? std::max<std::size_t>(1, all / 2) : all);
  };
  while (!network.costly_ended.wait_for(lock, turn_look_interval, is_free)) {
  }
  ++network.costly_turns;
}

CostlyTurn::~CostlyTurn() {
  const std::lock_guard lock(network_.costly_mutex);
  --network_.costly_turns;
  network_.costly_ended.notify_one();
}

}  // namespace api
