#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ledger/records/person.h"
#include "ledger/records/rule_pack.h"
#include "ledger/reference/reference.h"

namespace ledger {

/// Everything that is known of one person in the end.
struct ReferencePerson {
  PersonId id;                   ///< the lowest of all; 0 = the entries name nobody
  std::vector<PersonId> merged;  ///< who are this person now, ascending
  Position newest_event;         ///< of a registry; 0 = nothing has been said
  std::optional<Date> birth_date;
  bool has_death = false;                      ///< something has been said of a death
  std::optional<Date> death;                   ///< nothing when it was annulled
  std::optional<std::vector<Period>> pension;  ///< empty when that was said
  bool is_opted_out = false;
  EncryptedNumber in_use;                ///< the number; zeros when it has been erased
  std::vector<EncryptedNumber> numbers;  ///< all that lead here, ascending; without erased ones
  /// Of each `opted_in`, by its position: the items that came while the person was opted out.
  std::map<Position, std::vector<Position>> meanwhile;
  std::vector<UntoldMerge> untold;           ///< by position
  std::map<int, ReferenceAccount> accounts;  ///< the years in which items were accepted
  /// All that had to be told, in the order of the feed.
  std::vector<Event> events;
};

/// Works out a person from all accepted entries: items of all years of everybody who in the end is
/// this person, the payments and credit notes that name nobody but are for one of their
/// registrations, and all events about them, in position order. Items of a year without ceiling
/// are left out: none can have been accepted.
ReferencePerson reference_person(std::span<const Entry> entries,
                                 const std::map<int, AnnualCeiling>& ceilings,
                                 const RulePackHash& rule_pack);

}  // namespace ledger
