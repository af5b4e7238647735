#include "ledger/reference/lateness_cost.h"

#include <algorithm>
#include <map>

#include "ledger/values/assert.h"

namespace ledger {

std::vector<std::int64_t> split_in_proportion(std::int64_t total,
                                              std::span<const std::int64_t> weights) {
  __extension__ using Wide = __int128;  // amount times weight does not fit into 64 bits
  Wide sum = 0;
  for (const std::int64_t weight : weights) sum += weight;
  LEDGER_ASSERT(sum > 0);
  std::vector<std::int64_t> parts;
  parts.reserve(weights.size());
  // Each part is the growth of the rounded running share, so the last one ends at the total.
  Wide running = 0;
  std::int64_t given = 0;
  for (const std::int64_t weight : weights) {
    running += weight;
    const auto due = static_cast<std::int64_t>(Wide{total} * running / sum);
    parts.push_back(due - given);
    given = due;
  }
  return parts;
}

LatenessCost lateness_cost(const ReferenceAccount& account, Money ceiling) {
  LatenessCost cost;
  if (account.account.counted_sum < ceiling) return cost;
  LEDGER_ASSERT(account.account.card.has_value());
  const ExemptionCard& card = *account.account.card;
  const Date issued = oslo_date(card.issued_at);

  std::vector<const ReferenceRegistration*> needed;
  std::vector<const ReferenceRegistration*> overpaid;
  for (const ReferenceRegistration& registration : account.registrations) {
    if (!registration.is_counted()) continue;
    const bool is_after = oslo_date(registration.service_time) > card.entitled_from;
    (is_after ? overpaid : needed).push_back(&registration);
  }

  std::map<PracticeNumber, LatenessShare> shares;
  for (const ReferenceRegistration* const paid : overpaid) {
    const Date service = oslo_date(paid->service_time);
    const Date known = std::max(oslo_date(paid->counted_from), issued);
    const std::int64_t days = std::max<std::int64_t>(0, (known - service).count());
    const std::int64_t ore_days = paid->amount.ore() * days;
    cost.overpaid += paid->amount;
    cost.ore_days += ore_days;

    std::vector<const ReferenceRegistration*> late;
    std::vector<std::int64_t> weights;
    for (const ReferenceRegistration* const registration : needed) {
      if (registration->counted_from <= paid->service_time) continue;
      late.push_back(registration);
      weights.push_back(registration->amount.ore());
    }
    if (late.empty()) {
      LatenessShare& share = shares[paid->practice];
      share.despite_card += paid->amount;
      share.ore_days += ore_days;
      continue;
    }
    const auto amounts = split_in_proportion(paid->amount.ore(), weights);
    const auto times = split_in_proportion(ore_days, weights);
    for (std::size_t i = 0; i < late.size(); ++i) {
      LatenessShare& share = shares[late[i]->practice];
      share.by_lateness += Money::from_ore(amounts[i]);
      share.ore_days += times[i];
    }
  }
  for (auto& [practice, share] : shares) {
    share.practice = practice;
    cost.shares.push_back(share);
  }
  return cost;
}

}  // namespace ledger
