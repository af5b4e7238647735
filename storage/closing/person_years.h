#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/records/account.h"
#include "ledger/records/entry.h"
#include "ledger/records/event.h"
#include "storage/closing/reconciliation_parts.h"
#include "storage/state/state_reader.h"

namespace storage {

/// All that there is of one person's year, from wherever it is kept.
struct PersonYear {
  ledger::AccountKey key;
  std::vector<ledger::ItemEntry> entries;  ///< of the journal, in position order
  std::vector<std::uint32_t> rule_packs;   ///< of each entry: number of those in the journal
  std::optional<ledger::Account> account;  ///< as the state has it
  std::vector<ledger::Event> events;       ///< of the state, in the order of their causes
};

/// Brings together the person-years of one part: given what was put aside and the accounts of the
/// state, gives one person after another in ascending order. Persons of
/// whom any of them knows something are given, and no others.
class PersonYears {
 public:
  /// Throws std::runtime_error when something cannot be read.
  PersonYears(const StateReader& state, const ReconciliationParts& parts, std::size_t part,
              int year);

  /// Nothing at the end of the part.
  std::optional<PersonYear> next();

 private:
  using AccountRow = std::pair<ledger::PersonId, std::string>;

  /// Beyond all when there is none.
  ledger::PersonId next_person() const;
  void take_entries(PersonYear& year);
  void take_account(PersonYear& year);
  void take_events(PersonYear& year);

  const int year_;
  const ledger::PersonId end_;
  const std::vector<PutAsideEntry> entries_;
  const std::vector<PutAsideEvent> events_;
  const std::vector<AccountRow> accounts_;
  std::vector<PutAsideEntry>::const_iterator entry_;
  std::vector<PutAsideEvent>::const_iterator event_;
  std::vector<AccountRow>::const_iterator account_;
};

}  // namespace storage
