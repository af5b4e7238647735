#pragma once

#include <cstddef>

#include "api/http/network.h"

// What is prompt goes before what is costly.
namespace api {

/// A prompt request, for as long as it is served; on its lane's thread.
class PromptService {
 public:
  explicit PromptService(Lane& lane) : lane_(lane) { add(1); }
  ~PromptService() {
    lane_.prompt_ended.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    add(std::size_t{0} - 1);
  }
  PromptService(const PromptService&) = delete;
  PromptService& operator=(const PromptService&) = delete;

 private:
  void add(std::size_t change) {
    const std::size_t before = lane_.prompt_requests.load(std::memory_order_relaxed);
    lane_.prompt_requests.store(before + change, std::memory_order_relaxed);
  }

  Lane& lane_;
};

/// The turn of a thread of `costly` to work. While prompt requests are served, half of these
/// threads get one, so that a processor is free: a thread that gives way still has to be
/// interrupted first.
class CostlyTurn {
 public:
  /// Waits for it.
  explicit CostlyTurn(Network& network);
  ~CostlyTurn();
  CostlyTurn(const CostlyTurn&) = delete;
  CostlyTurn& operator=(const CostlyTurn&) = delete;

 private:
  Network& network_;
};

}  // namespace api
