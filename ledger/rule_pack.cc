#include "ledger/rule_pack.h"

#include <utility>

namespace ledger {

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
