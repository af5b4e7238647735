#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "ledger/values/code.h"
#include "ledger/values/ids.h"
#include "ledger/values/oslo_time.h"

namespace ledger {

/// Which day puts an item into a month. STORED: numbers never change.
enum class Basis : std::uint8_t { received = 1, service = 2 };

struct TimelinessKey {
  PracticeNumber practice;  ///< `nation` for the totals over all
  Basis basis = Basis::received;
  Month month{};
  friend auto operator<=>(const TimelinessKey&, const TimelinessKey&) = default;
};

/// The time bar keeps every accepted lag below this: six months and the rest of the month of
/// service.
inline constexpr std::uint32_t lag_days_max = 220;

/// Calendar days in Oslo from service to receipt; never below 0 (the clock of a practice may be
/// minutes ahead at midnight).
std::uint32_t lag_days(Date service, Date received);

/// How timely the co-payments of a practice and month came. Every accepted co-payment is in it,
/// also unpaid and zero-amount ones, and stays when it is credited later.
struct TimelinessMonth {
  std::vector<std::uint32_t> by_lag;                     ///< number of co-payments, by lag in days
  std::uint64_t duplicates = 0;                          ///< resends; under the received basis only
  std::vector<std::pair<Code, std::uint64_t>> rejected;  ///< likewise; ascending by code

  void add_lag(std::uint32_t lag, std::uint32_t count = 1);
  void add_rejected(Code code, std::uint64_t count);
  /// Of resends when the code is none, else of rejections.
  void add_tally(Code code, std::uint64_t count);
  void merge(const TimelinessMonth& other);
};

/// What came from a practice and was not accepted, by month of receipt; no lags.
using Refusals = std::map<Month, TimelinessMonth>;

/// The published limits in days, and the share of reports that shall come within each.
inline constexpr std::uint32_t timeliness_limits[3] = {16, 24, 32};
inline constexpr double timeliness_targets[3] = {0.90, 0.95, 0.99};  // not money

/// What is shown of a month. The optional figures are absent when nothing came.
struct TimelinessFigures {
  std::uint64_t count = 0;
  std::uint64_t within[3] = {0, 0, 0};         ///< lag <= 16, 24, 32: cumulative
  std::optional<double> share[3];              // not money
  std::optional<double> average_lag_days;      // not money
  std::optional<std::uint32_t> p50, p90, p99;  ///< by nearest rank

  std::uint64_t over32() const { return count - within[2]; }
};

TimelinessFigures figures_of(const TimelinessMonth& month);

/// A practice and its rhythm of reporting.
struct Practice {
  PracticeId id;
  Date first_received{};
  Date last_received{};
  std::uint32_t active_days = 0;  ///< days on which something was accepted; 0 = nothing yet

  /// Takes note that a co-payment was received on this day. Days before the last one are not
  /// counted again, so that the result does not depend on how far back a late load reaches.
  void note_received(Date day);
  /// Mean number of days from one active day to the next; nothing before the third active day.
  std::optional<double> rhythm_days() const;  // not money
  /// Nothing received for longer than its own rhythm.
  bool is_silent(Date today) const;
};

}  // namespace ledger
