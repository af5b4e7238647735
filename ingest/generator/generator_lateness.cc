#include "ingest/generator/generator_lateness.h"

namespace ingest {
namespace {

/// The last lag of each class and the part of all reports that has come by then.
struct LagClass {
  std::uint32_t last;
  std::uint64_t permille;
};
constexpr std::array<LagClass, 8> classes{
    {{1, 280}, {7, 620}, {14, 850}, {16, 884}, {24, 934}, {32, 955}, {90, 988}, {180, 1000}}};

/// Readiness to report after so many days, before the rhythm of the week comes in.
std::uint32_t base_weight(std::uint32_t lag) {
  constexpr std::array<std::uint32_t, 8> first_days{64, 36, 120, 60, 40, 28, 26, 26};
  if (lag < first_days.size()) return first_days[lag];
  if (lag <= 32) return 40;
  return 4000 / lag;
}

}  // namespace

LagTable::LagTable(const GeneratorCalendar& calendar, std::uint32_t service_day) {
  std::uint32_t first = 0;
  std::uint64_t start = 0;
  for (const LagClass& lag_class : classes) {
    const std::uint64_t end = (lag_class.permille << 32) / 1000;
    const auto weight = [&](std::uint32_t lag) {
      // On the service day itself whoever is open reports.
      const std::uint32_t rhythm = lag == 0 ? 16 : calendar.day(service_day + lag).submissions;
      return std::uint64_t{base_weight(lag)} * rhythm;
    };
    std::uint64_t total = 0;
    for (std::uint32_t lag = first; lag <= lag_class.last; ++lag) total += weight(lag);
    std::uint64_t sum = 0;
    for (std::uint32_t lag = first; lag <= lag_class.last; ++lag) {
      sum += weight(lag);
      ends_[lag] = start + (end - start) * sum / total;
    }
    start = end;
    first = lag_class.last + 1;
  }
}

}  // namespace ingest
