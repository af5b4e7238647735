#pragma once

#include <algorithm>
#include <chrono>

#include "ledger/values/oslo_time.h"

namespace ingest {

/// The wall clock, to the millisecond. Read at the edge only: the rules get the time as an
/// argument. A clock that is set wrong by decades shows the nearest time that a ledger can speak
/// of: items are then refused by their service times, which binds nothing, and can be sent again.
inline ledger::Instant now() {
  const auto since_epoch =
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())
          .time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  return std::clamp(ledger::Instant{seconds.count(),
                                    static_cast<std::int32_t>(
                                        std::chrono::nanoseconds(since_epoch - seconds).count())},
                    ledger::first_instant, ledger::last_instant);
}

}  // namespace ingest
