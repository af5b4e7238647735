#pragma once

#include <cstdint>

#include "ledger/records/registration.h"
#include "ledger/values/oslo_time.h"

// Elements of the stored formats that several records have; see format.h. Included by .cc files
// only.
namespace storage {

inline std::int64_t days_of(ledger::Date date) { return date.time_since_epoch().count(); }
inline ledger::Date date_of(std::int64_t days) { return ledger::Date{std::chrono::days{days}}; }

// Sums of what a damaged record may say: they wrap instead of overflowing.
inline std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
inline std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

/// Months since the year 0.
inline std::uint32_t number_of(ledger::Month month) {
  return static_cast<std::uint32_t>(int{month.year()} * 12) + unsigned{month.month()} - 1;
}
/// A number of no month within the bounds gives a month that is not within them either.
inline ledger::Month month_of_number(std::uint32_t number) {
  if (number >= 10'000 * 12) return {};
  return std::chrono::year{static_cast<int>(number / 12)} / std::chrono::month{number % 12 + 1};
}

/// Reason, counted and exempt in one byte. STORED.
inline std::uint8_t verdict_bits(const ledger::Verdict& verdict) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(verdict.reason) << 2 |
                                   (verdict.counted ? 2U : 0U) | (verdict.exempt ? 1U : 0U));
}
inline ledger::Verdict verdict_of(std::uint8_t bits, ledger::Position position) {
  return {position, static_cast<ledger::Code>(bits >> 2), (bits & 2U) != 0, (bits & 1U) != 0};
}

}  // namespace storage
