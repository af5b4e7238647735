#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "ledger/values/money.h"

namespace ledger {

/// SHA-256 of a rule pack's canonical text; part of every card decision.
using RulePackHash = std::array<std::uint8_t, 32>;

struct AnnualCeiling {
  Money amount;
  std::string source;  ///< where the amount was published; one line
  friend bool operator==(const AnnualCeiling&, const AnnualCeiling&) = default;
};

inline constexpr Money ceiling_max = Money::from_kroner(1'000'000);
inline constexpr std::size_t ceiling_source_bytes_max = 200;

/// Why no rule pack can have this ceiling, as a sentence that names the year; empty when it can.
std::string fault_of_ceiling(int year, const AnnualCeiling& ceiling);

/// The ceilings in force, one for each calendar year of service. Data, not code: an operator adds a
/// year by configuration.
class RulePack {
 public:
  /// The published ceilings of 2021 to 2026.
  static std::map<int, AnnualCeiling> published_ceilings();

  RulePack(std::map<int, AnnualCeiling> ceilings, RulePackHash hash);

  /// Nothing when no ceiling is known for the year. Inline because each item asks twice: across a
  /// call the optional goes through memory, and its reader waits for the parts it is written in.
  std::optional<Money> ceiling_of(int year) const {
    const auto found = ceilings_.find(year);
    if (found == ceilings_.end()) return std::nullopt;
    return found->second.amount;
  }
  const std::map<int, AnnualCeiling>& ceilings() const { return ceilings_; }
  const RulePackHash& hash() const { return hash_; }

  /// What is hashed: a line `frikort-rule-pack 1`, then a line `year øre source` for each year.
  static std::string canonical_text(const std::map<int, AnnualCeiling>& ceilings);

 private:
  std::map<int, AnnualCeiling> ceilings_;
  RulePackHash hash_;
};

}  // namespace ledger
