#include "api/runtime/new_year.h"

#include <chrono>

#include "ingest/items/clock.h"

namespace api {

std::string ceiling_warning(const ledger::RulePack& rules, ledger::Date today) {
  const std::chrono::year_month_day day{today};
  int year = int{day.year()};
  if (rules.ceiling_of(year) && day.month() == std::chrono::December) ++year;
  if (rules.ceiling_of(year)) return {};
  const std::string number = std::to_string(year);
  return "no ceiling is known for " + number + ": reports of services in that year are rejected, " +
         "NO_RULES_FOR_YEAR; remedy: a line `" + number +
         " = KRONER` under [ceilings] of the configuration file, and SIGHUP, or a restart with "
         "--config";
}

std::string ceiling_warning(const LedgerKeeper& keeper) {
  const auto open = keeper.lease();
  if (!open) return {};
  return ceiling_warning(open->files().rules(), ledger::oslo_date(ingest::now()));
}

}  // namespace api
