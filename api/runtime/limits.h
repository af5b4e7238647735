#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "api/http/http_limits.h"
#include "ledger/ports/journal.h"

namespace api {

/// The limits of the service; all can be configured.
struct Limits : HttpLimits {
  std::size_t json_body_bytes_max = 8U << 20;
  std::size_t ndjson_body_bytes_max = 256U << 20;
  std::size_t body_items_max = 100'000;  ///< of a body that is not streamed
  std::size_t card_status_lines_max = 10'000;
  std::size_t unread_result_bytes_max = 32U << 20;  ///< of a stream whose client sends first
  std::size_t waiting_items_max = 64U << 10;
  std::size_t waiting_cards_max = 32;     ///< cards of persons that are being made
  std::size_t waiting_polls_max = 1000;   ///< requests that wait for events
  std::chrono::seconds poll_timeout{60};  ///< the longest wait for events

  /// Items of a request that are submitted together, unless they are atomic: at most half of the
  /// queue to the writer, so that one request comes through however small the queue is.
  std::size_t submission_items_max() const {
    return std::clamp(waiting_items_max / 2, std::size_t{1}, ledger::group_items_max);
  }
};

}  // namespace api
