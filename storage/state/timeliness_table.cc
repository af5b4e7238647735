#include "storage/state/timeliness_table.h"

#include <utility>

#include "ledger/values/assert.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"
#include "storage/state/stored_row_internal.h"

namespace storage {
namespace {

/// Months that stay in memory: a few for each practice of the nation, both bases.
constexpr std::size_t cached_months_max = 200'000;

}  // namespace

using ledger::Basis;
using ledger::PracticeNumber;
using ledger::Result;
using ledger::TimelinessKey;
using ledger::TimelinessMonth;

TimelinessTable::TimelinessTable(const TableContext& context)
    : files_(context.files), totals_(context.totals), months_(cached_months_max) {}

/// The month as the files have it; empty when they do not.
Result<TimelinessMonth> TimelinessTable::read(const TimelinessKey& key) const {
  auto month = stored_row(files_, StateFamily::timeliness, timeliness_key(key), decode_timeliness);
  if (!month) return month.error();
  return std::move(month.value()).value_or(TimelinessMonth());
}

Result<TimelinessMonth> TimelinessTable::find(const TimelinessKey& key) const {
  TimelinessMonth month;
  if (months_.visit(key, [&](const TimelinessMonth& row) { month = row; })) return month;
  return read(key);
}

template <class Change>
Result<void> TimelinessTable::change(const TimelinessKey& key, Change&& change_month) {
  if (months_.update(key, change_month)) return ledger::ok();
  if (const auto storable = files_.require_storable("timeliness", key); !storable) return storable;
  auto month = read(key);
  if (!month) return month.error();
  change_month(month.value());
  months_.put(key, std::move(month.value()));
  return ledger::ok();
}

// Nearly all items of a group fall into the same few months of the nation.
Result<void> TimelinessTable::put_nation_aside(Basis basis, ledger::Month month,
                                               std::uint32_t lag) {
  const TimelinessKey key{ledger::nation, basis, month};
  for (auto& [aside, lags] : nation_aside_) {
    if (aside != key) continue;
    lags.add_lag(lag);
    return ledger::ok();
  }
  // Brought into the table now, because it cannot be when the group is finished.
  const auto brought = change(key, [](TimelinessMonth&) {});
  if (!brought) return brought.error();
  nation_aside_.emplace_back(key, TimelinessMonth()).second.add_lag(lag);
  return ledger::ok();
}

Result<void> TimelinessTable::record_lag(PracticeNumber practice, const ledger::PracticeId& id,
                                         ledger::Date service, ledger::Date received) {
  const std::uint32_t lag = ledger::lag_days(service, received);
  for (const auto& [basis, day] :
       {std::pair(Basis::received, received), {Basis::service, service}}) {
    const ledger::Month month = ledger::month_of(day);
    const auto counted =
        change({practice, basis, month}, [lag](TimelinessMonth& counts) { counts.add_lag(lag); });
    if (!counted) return counted.error();
    const auto put = put_nation_aside(basis, month, lag);
    if (!put) return put.error();
    encode_lag_content(id, basis, month, lag, encoded_);
    totals_.checksum.add("t", {}, encoded_);
  }
  return ledger::ok();
}

Result<void> TimelinessTable::record_tally(const ledger::Tally& tally,
                                           std::optional<PracticeNumber> practice) {
  const auto count = [&tally](TimelinessMonth& month) { month.add_tally(tally.code, tally.count); };
  const auto for_nation = change({ledger::nation, Basis::received, tally.month}, count);
  if (!for_nation) return for_nation.error();
  if (practice) {
    const auto for_practice = change({*practice, Basis::received, tally.month}, count);
    if (!for_practice) return for_practice.error();
  }
  (tally.code == ledger::Code::none ? totals_.duplicates : totals_.rejected) += tally.count;
  return ledger::ok();
}

Result<void> TimelinessTable::record_refusals(PracticeNumber practice,
                                              const ledger::Refusals& refusals) {
  for (const auto& [month, refused] : refusals) {
    const auto counted = change({practice, Basis::received, month},
                                [&refused = refused](auto& counts) { counts.merge(refused); });
    if (!counted) return counted;
  }
  return ledger::ok();
}

void TimelinessTable::finish_group() {
  for (const auto& [key, lags] : nation_aside_) {
    const bool is_there =
        months_.update(key, [&lags = lags](TimelinessMonth& row) { row.merge(lags); });
    LEDGER_ASSERT(is_there);
  }
  nation_aside_.clear();
}

void TimelinessTable::write(SortedFiles& files) const {
  files.write(StateFamily::timeliness, months_.frozen_rows(), [](const auto& row) {
    return std::pair(timeliness_key(row.first), encode_timeliness(*row.second));
  });
}

}  // namespace storage
