#include "ledger/records/timeliness.h"

#include <algorithm>

#include "ledger/values/assert.h"

namespace ledger {
namespace {

/// The smallest lag that at least `percent` of `count` co-payments do not exceed.
std::uint32_t percentile(const std::vector<std::uint32_t>& by_lag, std::uint64_t count,
                         std::uint64_t percent) {
  const std::uint64_t rank = (count * percent + 99) / 100;
  std::uint64_t seen = 0;
  for (std::uint32_t lag = 0; lag < by_lag.size(); ++lag) {
    seen += by_lag[lag];
    if (seen >= rank) return lag;
  }
  LEDGER_ASSERT(false && "the ranks end at the count");
  return 0;
}

}  // namespace

std::uint32_t lag_days(Date service, Date received) {
  return received <= service ? 0 : static_cast<std::uint32_t>((received - service).count());
}

void TimelinessMonth::add_lag(std::uint32_t lag, std::uint32_t count) {
  LEDGER_ASSERT(lag <= lag_days_max);
  if (by_lag.size() <= lag) by_lag.resize(lag + 1);
  by_lag[lag] += count;
}

void TimelinessMonth::add_rejected(Code code, std::uint64_t count) {
  const auto place = std::lower_bound(rejected.begin(), rejected.end(), code,
                                      [](const auto& entry, Code c) { return entry.first < c; });
  if (place != rejected.end() && place->first == code) {
    place->second += count;
  } else {
    rejected.insert(place, {code, count});
  }
}

void TimelinessMonth::add_tally(Code code, std::uint64_t count) {
  if (code == Code::none) {
    duplicates += count;
  } else {
    add_rejected(code, count);
  }
}

void TimelinessMonth::merge(const TimelinessMonth& other) {
  for (std::uint32_t lag = 0; lag < other.by_lag.size(); ++lag) {
    if (other.by_lag[lag] != 0) add_lag(lag, other.by_lag[lag]);
  }
  duplicates += other.duplicates;
  for (const auto& [code, count] : other.rejected) add_rejected(code, count);
}

TimelinessFigures figures_of(const TimelinessMonth& month) {
  TimelinessFigures figures;
  std::uint64_t lag_sum = 0;
  for (std::uint32_t lag = 0; lag < month.by_lag.size(); ++lag) {
    const std::uint64_t count = month.by_lag[lag];
    figures.count += count;
    lag_sum += count * lag;
    for (std::size_t i = 0; i < 3; ++i) {
      if (lag <= timeliness_limits[i]) figures.within[i] += count;
    }
  }
  if (figures.count == 0) return figures;
  const auto count = static_cast<double>(figures.count);  // not money
  for (std::size_t i = 0; i < 3; ++i) {
    figures.share[i] = static_cast<double>(figures.within[i]) / count;  // not money
  }
  figures.average_lag_days = static_cast<double>(lag_sum) / count;  // not money
  figures.p50 = percentile(month.by_lag, figures.count, 50);
  figures.p90 = percentile(month.by_lag, figures.count, 90);
  figures.p99 = percentile(month.by_lag, figures.count, 99);
  return figures;
}

void Practice::note_received(Date day) {
  if (active_days == 0) first_received = day;
  if (active_days != 0 && day <= last_received) return;
  last_received = day;
  ++active_days;
}

std::optional<double> Practice::rhythm_days() const {  // not money
  if (active_days < 3) return std::nullopt;
  const auto span = static_cast<double>((last_received - first_received).count());  // not money
  return span / (active_days - 1);
}

bool Practice::is_silent(Date today) const {
  const auto rhythm = rhythm_days();
  if (!rhythm) return false;
  return static_cast<double>((today - last_received).count()) > *rhythm;  // not money
}

}  // namespace ledger
