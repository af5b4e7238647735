#pragma once

#include <optional>
#include <vector>

#include "ledger/records/account.h"
#include "ledger/records/entry.h"
#include "ledger/records/event.h"
#include "ledger/records/person.h"
#include "ledger/reference/step.h"

namespace storage {

/// All that there is of one person and year, from wherever it is kept: of everybody who is this
/// person now. Or a registration that is nobody's: person 0.
struct PersonYear {
  ledger::AccountKey key;
  // Of the journal, in position order.
  std::vector<ledger::ItemEntry> entries;
  std::vector<ledger::PersonId> reported_for;  ///< of each entry: whose registration it is about
  std::vector<std::uint32_t> rule_packs;       ///< of each entry: number of those in the journal
  /// Events of registries; of `years` and `meanwhile` only what is of the year.
  std::vector<ledger::PersonEntry> registry_events;
  std::vector<std::uint32_t> registry_rule_packs;  ///< of each of these
  // Of the state.
  std::optional<ledger::Account> account;
  std::vector<ledger::Event> events;       ///< of the year, in the order of the feed
  std::vector<ledger::Event> merges_told;  ///< likewise; of the cards those of the year
  std::optional<ledger::Person> facts;

  bool is_of_nobody() const { return key.person == ledger::PersonId(); }
};

/// What the journal has of it, in position order. Points into the year.
std::vector<ledger::Step> steps_of(const PersonYear& year);
/// Likewise, as the reference takes it.
std::vector<ledger::Entry> all_entries_of(const PersonYear& year);

/// What the journal had of it up to a place, of each person who was another one at that time.
std::vector<PersonYear> as_of(const PersonYear& year, ledger::Position last);

}  // namespace storage
