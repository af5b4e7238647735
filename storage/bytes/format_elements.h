#pragma once

#include <cstdint>

#include "ledger/records/entry.h"
#include "ledger/records/event.h"
#include "ledger/records/registration.h"
#include "ledger/values/oslo_time.h"
#include "storage/bytes/byte_codec.h"

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

/// A day that no calendar has is turned into one that is out of bounds.
inline ledger::Date read_date(ByteReader& in) {
  const std::int64_t days = in.zigzag();
  const bool is_small = days > -4'000'000 && days < 4'000'000;
  return is_small ? date_of(days) : ledger::Date::max();
}

inline void write_periods(ByteWriter& out, const std::vector<ledger::Period>& periods) {
  out.varint(periods.size());
  for (const ledger::Period& period : periods) {
    out.zigzag(days_of(period.from));
    out.u8(period.to ? 1 : 0);
    if (period.to) out.zigzag(days_of(*period.to));
  }
}
inline bool read_periods(ByteReader& in, std::vector<ledger::Period>& periods) {
  const std::uint64_t count = in.varint();
  if (count > ledger::periods_max || count > in.left()) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    ledger::Period& period = periods.emplace_back();
    period.from = read_date(in);
    const std::uint8_t has_end = in.u8();
    if (has_end > 1) return false;
    if (has_end == 1) period.to = read_date(in);
  }
  return in.is_ok();
}

inline void write_replaced(ByteWriter& out, const std::vector<ledger::ReplacedCard>& cards) {
  out.varint(cards.size());
  for (const ledger::ReplacedCard& card : cards) {
    out.varint(static_cast<std::uint64_t>(card.year));
    out.raw(card.card);
    out.raw(card.replaced);
  }
}
inline bool read_replaced(ByteReader& in, std::vector<ledger::ReplacedCard>& cards) {
  const std::uint64_t count = in.varint();
  if (count > ledger::joined_years_max || count > in.left()) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    ledger::ReplacedCard& card = cards.emplace_back();
    card.year = in.varint<int>();
    card.card = in.raw<16>();
    card.replaced = in.raw<16>();
  }
  return in.is_ok();
}

}  // namespace storage
