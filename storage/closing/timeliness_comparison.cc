#include "storage/closing/timeliness_comparison.h"

#include <fmt/format.h>

#include <limits>
#include <map>

#include "ledger/values/rfc3339.h"
#include "storage/bytes/format.h"
#include "storage/bytes/format_elements.h"

namespace storage {
namespace {

using ledger::Basis;
using ledger::Date;
using ledger::DifferenceKind;
using ledger::Month;
using ledger::PracticeNumber;
using ledger::Result;
using ledger::TimelinessKey;
using ledger::TimelinessMonth;
using Months = std::map<TimelinessKey, TimelinessMonth>;

Date date_of_day(std::int32_t day) { return Date{std::chrono::days{day}}; }
PracticeNumber practice_number(std::uint64_t number) {
  return PracticeNumber{static_cast<std::uint32_t>(number)};
}

/// `stranger` is who has no number, and so no row of that key.
void compare_month(const TimelinessKey& key, const TimelinessMonth& expected,
                   const TimelinessMonth& found, const UseDifference& use,
                   std::string_view stranger = {}) {
  const auto differs = [&](const std::string& what, std::uint64_t expect, std::uint64_t is) {
    if (expect == is) return;
    use({DifferenceKind::timeliness_differs,
         {},
         key.practice,
         {},
         fmt::format("{} {} {}{}{}", key.basis == Basis::received ? "received" : "service",
                     ledger::to_string(key.month), what, stranger.empty() ? "" : " of ", stranger),
         std::to_string(expect),
         std::to_string(is)});
  };
  const std::size_t lags = std::max(expected.by_lag.size(), found.by_lag.size());
  for (std::size_t lag = 0; lag < lags; ++lag) {
    differs(fmt::format("lag {}", lag), lag < expected.by_lag.size() ? expected.by_lag[lag] : 0,
            lag < found.by_lag.size() ? found.by_lag[lag] : 0);
  }
  differs("duplicates", expected.duplicates, found.duplicates);
  std::map<ledger::Code, std::pair<std::uint64_t, std::uint64_t>> rejected;
  for (const auto& [code, count] : expected.rejected) rejected[code].first = count;
  for (const auto& [code, count] : found.rejected) rejected[code].second = count;
  for (const auto& [code, counts] : rejected) {
    differs(std::string(name_of(code)), counts.first, counts.second);
  }
}

/// Compares the counters of the practices from `first` to before `end`.
void compare_months(const StateReader& state, const Months& due, std::uint64_t first,
                    std::uint64_t end, int year, const UseDifference& use) {
  Months left = due;
  require_read(
      state.for_each(
          StateFamily::timeliness, practice_key(practice_number(first)),
          [&](std::string_view key, std::string_view value) -> Result<void> {
            const TimelinessKey found = decode_timeliness_key(key);
            if (int{found.month.year()} != year) return ledger::ok();
            const auto month = decode_timeliness(value);
            if (!month) return month.error();
            const auto expected = left.find(found);
            compare_month(found, expected == left.end() ? TimelinessMonth() : expected->second,
                          month.value(), use);
            if (expected != left.end()) left.erase(expected);
            return ledger::ok();
          },
          end > std::numeric_limits<std::uint32_t>::max() ? std::string()
                                                          : practice_key(practice_number(end))),
      "the timeliness of the state");
  for (const auto& [key, month] : left) compare_month(key, month, {}, use);
}

using Strangers = std::map<std::string, ledger::Refusals, std::less<>>;

Strangers by_practice(const std::vector<PutAsideRefusal>& records) {
  Strangers strangers;
  for (const PutAsideRefusal& record : records) {
    strangers[std::string(record.practice.view())][month_of_number(record.month)].add_tally(
        static_cast<ledger::Code>(record.code), record.count);
  }
  return strangers;
}

/// Compares what was refused of the practices of a part that have no number.
void compare_refusals(const ReconciliationParts& parts, std::size_t part,
                      const UseDifference& use) {
  Strangers left = by_practice(parts.refusals.read(part));
  const auto compare = [&](std::string_view id, Month month, const TimelinessMonth& expected,
                           const TimelinessMonth& found) {
    compare_month({ledger::nation, Basis::received, month}, expected, found, use, id);
  };
  for (const auto& [id, refusals] : by_practice(parts.found_refusals.read(part))) {
    ledger::Refusals& expected = left[id];
    for (const auto& [month, found] : refusals) {
      compare(id, month, expected[month], found);
      expected.erase(month);
    }
  }
  for (const auto& [id, refusals] : left) {
    for (const auto& [month, expected] : refusals) compare(id, month, expected, {});
  }
}

}  // namespace

std::array<TimelinessMonth, 12> compare_timeliness(const StateReader& state,
                                                   const ReconciliationParts& parts, int year,
                                                   const UseDifference& use,
                                                   const ReportProgress& report) {
  Months nation;
  for (std::size_t part = 0; part < parts.count; ++part) {
    report("comparing timeliness", "parts", part, parts.count);
    Months practices;
    const auto add_lag = [&](const TimelinessKey& key, std::uint32_t lag) {
      if (int{key.month.year()} != year) return;
      practices[key].add_lag(lag);
      nation[{ledger::nation, key.basis, key.month}].add_lag(lag);
    };
    for (const PutAsideLag& record : parts.lags.read(part)) {
      const PracticeNumber practice{record.practice};
      const Date service = date_of_day(record.service_day);
      const Date received = date_of_day(record.received_day);
      const auto lag =
          static_cast<std::uint32_t>(std::max(0, record.received_day - record.service_day));
      add_lag({practice, Basis::service, ledger::month_of(service)}, lag);
      add_lag({practice, Basis::received, ledger::month_of(received)}, lag);
    }
    for (const PutAsideTally& tally : parts.tallies.read(part)) {
      const Month month = month_of_number(tally.month);
      const auto code = static_cast<ledger::Code>(tally.code);
      nation[{ledger::nation, Basis::received, month}].add_tally(code, tally.count);
      if (tally.practice == 0) continue;
      practices[{PracticeNumber{tally.practice}, Basis::received, month}].add_tally(code,
                                                                                    tally.count);
    }
    const std::uint64_t first = std::max<std::uint64_t>(1, parts.first_of(part, parts.practices));
    const std::uint64_t end =
        parts.is_last(part) ? std::uint64_t{1} << 32 : parts.first_of(part + 1, parts.practices);
    compare_months(state, practices, first, end, year, use);
    compare_refusals(parts, part, use);
  }
  compare_months(state, nation, 0, 1, year, use);
  std::array<TimelinessMonth, 12> by_month;
  for (unsigned month = 0; month < 12; ++month) {
    by_month[month] = nation[{ledger::nation, Basis::service,
                              std::chrono::year{year} / std::chrono::month{month + 1}}];
  }
  return by_month;
}

}  // namespace storage
