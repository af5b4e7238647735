#pragma once

#include <span>
#include <vector>

#include "ledger/reference/reference.h"

namespace ledger {

/// A practice's part in what one person paid too much.
struct LatenessShare {
  PracticeNumber practice;
  Money by_lateness;          ///< because its reports were not there yet
  Money despite_card;         ///< it charged although everything needed for the card was there
  std::int64_t ore_days = 0;  ///< the same amounts times the days until the ledger knew
};

/// What late reporting cost one person in one year.
struct LatenessCost {
  Money overpaid;  ///< the sum of all shares, to the øre
  std::int64_t ore_days = 0;
  std::vector<LatenessShare> shares;  ///< one for each practice, ascending
};

/// Overpaid is what was paid for services after the day on which the person would have crossed the
/// ceiling had every report come at once: after the entitlement date. Each such payment is laid on
/// the reports that were needed for crossing and had not come (or not been reported paid) when the
/// service took place, in proportion to their amounts; where all had come, on the practice that
/// charged. Its øre-days run from the day of the service to the day on which the ledger knew of
/// both the payment and the card. Shares are rounded so that they add up exactly.
LatenessCost lateness_cost(const ReferenceAccount& account, Money ceiling);

/// Splits `total` in proportion to the weights (not negative, not all zero) into whole parts that
/// add up to it.
std::vector<std::int64_t> split_in_proportion(std::int64_t total,
                                              std::span<const std::int64_t> weights);

}  // namespace ledger
