#include "storage/closing/recomputation.h"

#include <algorithm>
#include <utility>

#include "ledger/reference/compare_person.h"
#include "storage/bytes/format.h"

namespace storage {

using ledger::PersonId;
using ledger::ReferenceAccount;

bool RecomputedYear::is_told(const ledger::RefundLine& line) const {
  return std::find(untold.begin(), untold.end(), line.cause) == untold.end();
}

RecomputedYear Recomputation::check(const PersonYear& year) const {
  std::vector<ledger::Difference> differences;
  RecomputedYear recomputed;
  const bool is_registered =
      !year.registry_events.empty() || year.facts || !year.merges_told.empty();
  if (is_registered) {
    recomputed = check_person(year, differences);
  } else {
    recomputed.account = recompute(year);
  }
  compare_account(year.key, year.entries, recomputed.account, year.account, year.events, ceiling_,
                  differences);
  for (const ledger::Difference& difference : differences) use_difference_(difference);
  return recomputed;
}

RecomputedYear Recomputation::check_person(const PersonYear& year,
                                           std::vector<ledger::Difference>& differences) const {
  ledger::ReferencePerson person =
      ledger::reference_person(all_entries_of(year), {{year_, {ceiling_, ""}}}, {});
  person.id = year.key.person;  // also when no entry names it
  ledger::KeptPerson kept{year.registry_events, year.facts, {}, year.merges_told};
  for (const ledger::PersonEntry& event : year.registry_events) {
    if (event.other != PersonId()) kept.merged[event.other] = facts_of(event.other);
  }
  compare_person(person, kept, year_, differences);

  RecomputedYear recomputed;
  recomputed.is_hidden = person.is_opted_out;
  recomputed.is_estate = person.death.has_value();
  for (const ledger::UntoldMerge& merge : person.untold)
    recomputed.untold.push_back(merge.position);
  const auto account = person.accounts.find(year_);
  if (account != person.accounts.end()) recomputed.account = std::move(account->second);
  set_rule_pack(year, recomputed.account);
  return recomputed;
}

ReferenceAccount Recomputation::recompute(const PersonYear& year) const {
  ReferenceAccount account =
      year.registry_events.empty()
          ? ledger::reference_account(year.entries, year_, ceiling_, {})
          : ledger::reference_account(all_entries_of(year), year_, ceiling_, {});
  set_rule_pack(year, account);
  return account;
}

void Recomputation::set_rule_pack(const PersonYear& year, ReferenceAccount& account) const {
  if (!account.account.card) return;
  ledger::RulePackHash& rule_pack = account.account.card->rule_pack;
  for (std::size_t i = 0; i < year.entries.size(); ++i) {
    if (year.entries[i].verdict.position != account.card_cause) continue;
    rule_pack = rule_packs_[year.rule_packs[i]];
  }
  for (std::size_t i = 0; i < year.registry_events.size(); ++i) {
    if (year.registry_events[i].position != account.card_cause) continue;
    rule_pack = rule_packs_[year.registry_rule_packs[i]];
  }
}

std::optional<ledger::Person> Recomputation::facts_of(PersonId person) const {
  const auto row = state_.get(StateFamily::facts, person_key(person));
  if (!row) require_read(row.error(), "what the state knows of a person");
  if (!row.value()) return std::nullopt;
  auto facts = decode_person(*row.value());
  if (!facts) require_read(facts.error(), "what the state knows of a person");
  return std::move(facts.value());
}

}  // namespace storage
