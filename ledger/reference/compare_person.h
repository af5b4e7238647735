#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ledger/records/person.h"
#include "ledger/reference/reconcile.h"
#include "ledger/reference/reference_person.h"

namespace ledger {

/// What is kept of a person. Of what speaks of years, only one year.
struct KeptPerson {
  /// All events about everybody who is this person now, by position; of `years` and `meanwhile`
  /// only what is of the year.
  std::span<const PersonEntry> entries;
  std::optional<Person> facts;
  /// Of everybody who is this person now; nothing where nothing is kept.
  std::map<PersonId, std::optional<Person>> merged;
  std::span<const Event> merges;  ///< what was told of merges, in the order of the feed
};

/// Compares what is kept of a person with what follows from the entries: what the registries said,
/// who is who, what has been told of merges, and what each event names as the one before it.
/// `expected` was worked out with the items of the year and no others.
void compare_person(const ReferencePerson& expected, const KeptPerson& kept, int year,
                    std::vector<Difference>& differences);

}  // namespace ledger
