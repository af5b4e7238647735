#include "storage/closing/closing.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "ledger/values/rfc3339.h"

namespace storage {
namespace {

ledger::Date last_day_of(int year) { return std::chrono::year{year} / std::chrono::December / 31; }

bool has_copayments(const StateStore& state, int year) {
  for (unsigned month = 1; month <= 12; ++month) {
    const auto read = state.timeliness({ledger::nation, ledger::Basis::service,
                                        std::chrono::year{year} / std::chrono::month{month}});
    if (!read) throw std::runtime_error("the state cannot be read: " + read.error().message());
    const auto& by_lag = read.value().by_lag;
    if (std::any_of(by_lag.begin(), by_lag.end(), [](auto count) { return count != 0; })) {
      return true;
    }
  }
  return false;
}

}  // namespace

ledger::Date last_day_to_report_year(int year) {
  return ledger::last_day_to_report(last_day_of(year));
}
ledger::Date last_day_to_credit_year(int year) {
  return ledger::last_day_to_credit(last_day_of(year));
}

std::optional<ClosingRefusal> dry_run_refusal(const LedgerFiles& files, int year) {
  if (files.rules().ceiling_of(year)) return std::nullopt;
  return ClosingRefusal{
      "NO_RULES_FOR_YEAR",
      fmt::format("No ceiling is known for {}; remedy: configure one under [ceilings], or choose "
                  "another year.",
                  year)};
}

std::optional<ClosingRefusal> closing_refusal(LedgerFiles& files, int year, ledger::Date today,
                                              bool is_early) {
  if (auto refusal = dry_run_refusal(files, year)) return refusal;
  if (!has_copayments(files.state(), year)) {
    return ClosingRefusal{
        "NO_REGISTRATIONS",
        fmt::format("There is no co-payment of {} in this ledger, so there is nothing to close; "
                    "remedy: choose another year, or have a dry run show what is there.",
                    year)};
  }
  if (today <= last_day_of(year) && !is_early) {
    return ClosingRefusal{
        "YEAR_NOT_OVER",
        fmt::format("The year {} is not over, and its co-payments may be reported until {}; "
                    "remedy: wait, use a dry run, or ask for an early statement (`--early`, or "
                    "`\"early\":true`).",
                    year, ledger::to_string(last_day_to_report_year(year)))};
  }
  return std::nullopt;
}

}  // namespace storage
