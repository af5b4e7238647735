#include "ledger/records/rule_pack.h"

#include <algorithm>
#include <utility>

#include "ledger/values/oslo_time.h"

namespace ledger {

std::string fault_of_ceiling(int year, const AnnualCeiling& ceiling) {
  const auto fault = [year](const std::string& what) {
    return "the ceiling of " + std::to_string(year) + ' ' + what;
  };
  const int first = year_of(first_day);
  const int last = year_of(last_day);
  if (year < first || year > last) {
    return fault("is of a year that no ledger knows; remedy: a year from " + std::to_string(first) +
                 " to " + std::to_string(last));
  }
  if (ceiling.amount <= Money() || ceiling.amount > ceiling_max) {
    return fault("is out of bounds; remedy: an amount above 0 and at most " +
                 std::to_string(ceiling_max.ore() / 100) + " kroner");
  }
  const bool is_line = std::none_of(ceiling.source.begin(), ceiling.source.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!is_line || ceiling.source.size() > ceiling_source_bytes_max) {
    return fault("has a source that cannot be kept; remedy: write it on one line of at most " +
                 std::to_string(ceiling_source_bytes_max) + " bytes, without control characters");
  }
  return {};
}

std::map<int, AnnualCeiling> RulePack::published_ceilings() {
  // Set each year by Stortinget in the budget.
  return {
      {2021, {Money::from_kroner(2460), "Helfo, egenandelstak 2021"}},
      {2022, {Money::from_kroner(2921), "Statsbudsjettet 2022"}},
      {2023, {Money::from_kroner(3040), "Helsedirektoratet, rundskriv til folketrygdloven 5-3"}},
      {2024, {Money::from_kroner(3165), "Helsenorge, frikort for helsetjenester 2024"}},
      {2025, {Money::from_kroner(3278), "Helsenorge, exemption card for public health services"}},
      {2026, {Money::from_kroner(3278), "Unchanged from 2025"}},
  };
}

RulePack::RulePack(std::map<int, AnnualCeiling> ceilings, RulePackHash hash)
    : ceilings_(std::move(ceilings)), hash_(hash) {}

std::string RulePack::canonical_text(const std::map<int, AnnualCeiling>& ceilings) {
  std::string text = "frikort-rule-pack 1\n";
  for (const auto& [year, ceiling] : ceilings) {
    text += std::to_string(year) + ' ' + std::to_string(ceiling.amount.ore()) + ' ' +
            ceiling.source + '\n';
  }
  return text;
}

}  // namespace ledger
