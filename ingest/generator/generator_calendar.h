#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ledger/values/oslo_time.h"

namespace ingest {

inline constexpr std::uint32_t seconds_a_day = 86'400;

/// One day on which services are given or reports received.
struct GeneratorDay {
  ledger::Date date{};
  std::array<char, 10> text{};  ///< YYYY-MM-DD
  unsigned weekday = 0;         ///< 0 = Monday
  bool is_summer_at_start = false;
  std::uint32_t change_second = seconds_a_day;  ///< from here on the other offset holds
  std::uint32_t services = 0;                   ///< relative number of services given
  std::uint32_t submissions = 0;                ///< relative readiness of practices to report
};

/// A year of service and the ten months after it in which late reports come, with the rhythm of
/// months, weekdays and holidays. Days are numbered from 0 = 1 January; seconds are those of a wall
/// clock in Oslo, where the hour that the change to summer time leaves out is drawn together to its
/// end and the hour that comes twice in autumn is the first of the two.
class GeneratorCalendar {
 public:
  explicit GeneratorCalendar(int year);

  std::uint32_t days_in_year() const { return days_in_year_; }
  std::uint32_t day_count() const { return static_cast<std::uint32_t>(days_.size()); }
  const GeneratorDay& day(std::uint32_t number) const { return days_[number]; }

  /// How many of `registrations` services are given before this day of the year.
  std::uint64_t services_before(std::uint32_t day, std::uint64_t registrations) const;
  /// The last day on which a service of this day may be reported.
  std::uint32_t last_day_to_report(std::uint32_t day) const;
  /// The first day on which the tariffs of the second half of the year apply.
  std::uint32_t first_of_july() const { return first_of_july_; }

  /// Moves a second that the clock leaves out; keeps order.
  std::uint32_t existing_second(std::uint32_t day, std::uint32_t second) const;
  bool is_summer(std::uint32_t day, std::uint32_t second) const {
    return days_[day].is_summer_at_start != (second >= days_[day].change_second);
  }

 private:
  std::vector<GeneratorDay> days_;
  std::vector<std::uint64_t> services_before_;  ///< one more than days in the year
  std::uint32_t days_in_year_ = 0;
  std::uint32_t first_of_july_ = 0;
};

}  // namespace ingest
