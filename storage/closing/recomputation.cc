#include "storage/closing/recomputation.h"

#include <span>

namespace storage {

using ledger::ReferenceAccount;

ReferenceAccount Recomputation::check(const PersonYear& year) const {
  ReferenceAccount expected = recompute(year, year.entries.size());
  std::vector<ledger::Difference> differences;
  compare_account(year.key, year.entries, expected, year.account, year.events, ceiling_,
                  differences);
  for (const ledger::Difference& difference : differences) use_difference_(difference);
  return expected;
}

ReferenceAccount Recomputation::recompute(const PersonYear& year, std::size_t count) const {
  const auto entries = std::span(year.entries).first(count);
  ReferenceAccount account = ledger::reference_account(entries, year_, ceiling_, {});
  if (!account.account.card) return account;
  // Decided under the rules that were in force when it was issued.
  for (std::size_t i = 0; i < count; ++i) {
    if (entries[i].verdict.position == account.card_cause) {
      account.account.card->rule_pack = rule_packs_[year.rule_packs[i]];
    }
  }
  return account;
}

}  // namespace storage
