#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/values/ids.h"
#include "ledger/values/oslo_time.h"
#include "ledger/values/service_type.h"

namespace bench {

/// One co-payment to report.
struct LoadItem {
  ledger::Guid guid;
  std::uint32_t practice = 0;  ///< 0 = the largest
  std::uint32_t person = 0;    ///< 0 to persons - 1
  std::uint32_t day = 0;       ///< 0 = yesterday
  std::uint32_t minute = 0;    ///< of the day in Oslo
  std::uint32_t amount_ore = 0;
};

/// Makes up registrations that look real, without end, at the lowest price: item `index` is a pure
/// function of seed, index and the day, so that a resend needs no memory of what was sent. Distinct
/// guids; some hundred practices of skewed size with one service type each; service days of the
/// last two weeks in office hours; 55 % of the amounts zero, the others 60 to 400 kroner; all paid.
/// Persons are of the synthetic series (month + 80), born 1930 to 1999.
class LoadItems {
 public:
  static constexpr std::uint32_t persons_max = 5'000'000;
  static constexpr std::uint32_t practice_count = 400;
  static constexpr std::uint32_t day_count = 14;
  static constexpr std::uint32_t amount_ore_min = 6'000;
  static constexpr std::uint32_t amount_ore_max = 40'000;
  /// No item's text is longer.
  static constexpr std::size_t text_bytes_max = 256;

  LoadItems(std::uint64_t seed, std::uint32_t persons, ledger::Date today);

  LoadItem item(std::uint64_t index) const;
  /// Writes the item's JSON without a line feed; returns the end.
  char* write(const LoadItem& item, char* out) const;
  std::string text(const LoadItem& item) const;

  std::string_view person_number(std::uint32_t person) const {
    return {persons_[person].data(), persons_[person].size()};
  }
  std::string practice_id(std::uint32_t practice) const;
  static std::string_view service_type(std::uint32_t practice);
  std::string_view day_text(std::uint32_t day) const { return {days_[day].date.data(), 10}; }
  ledger::Instant service_time(const LoadItem& item) const;

 private:
  using Number = std::array<char, 11>;
  struct Day {
    std::array<char, 11> date{};   ///< `2026-11-12T`
    std::array<char, 6> offset{};  ///< `+01:00`
    ledger::Instant midnight{};    ///< in Oslo
  };

  void make_persons(std::uint32_t count);

  std::uint64_t key_;
  std::vector<Number> persons_;
  std::array<Day, day_count> days_;
};

}  // namespace bench
