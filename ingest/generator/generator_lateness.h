#pragma once

#include <array>
#include <cstdint>

#include "ingest/generator/generator_calendar.h"

namespace ingest {

/// How many days after their service day the reports of one day come. Of the whole day, fixed parts
/// come within 1, 7, 14, 16, 24, 32, 90 and 180 days (Helfo annual report 2023: 88.4 % within 16
/// days, 93.4 % within 24, 95.5 % within 32); within such a class, days on which practices like to
/// send get more.
class LagTable {
 public:
  static constexpr std::uint32_t lag_days_max = 180;

  LagTable(const GeneratorCalendar& calendar, std::uint32_t service_day);

  /// The lag of the report that stands at `share` (of 2^32) of the queue of its day. Asked with
  /// ascending shares, it takes a step a day.
  std::uint32_t lag_at(std::uint64_t share) {
    while (ends_[lag_] <= share) ++lag_;
    return lag_;
  }

 private:
  std::array<std::uint64_t, lag_days_max + 1> ends_{};  ///< cumulative, of 2^32
  std::uint32_t lag_ = 0;
};

}  // namespace ingest
