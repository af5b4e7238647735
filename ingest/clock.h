#pragma once

#include <chrono>

#include "ledger/oslo_time.h"

namespace ingest {

/// The wall clock, to the millisecond. Read at the edge only: the rules get the time as an
/// argument.
inline ledger::Instant now() {
  const auto since_epoch =
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())
          .time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  return {seconds.count(),
          static_cast<std::int32_t>(std::chrono::nanoseconds(since_epoch - seconds).count())};
}

}  // namespace ingest
