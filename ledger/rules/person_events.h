#pragma once

#include <vector>

#include "ledger/ports/entry_log.h"
#include "ledger/ports/store.h"
#include "ledger/records/entry.h"
#include "ledger/records/rule_pack.h"
#include "ledger/rules/post.h"

namespace ledger {

/// What events of the registry of persons do to persons and their accounts. Each function reads
/// what it needs, decides, and stores what changed; after an error the state of this event is
/// undefined.
class PersonEvents {
 public:
  PersonEvents(Store& store, const RulePack& rules, const EntryLog& log)
      : store_(store), rules_(rules), log_(log) {}

  /// Finds whom the numbers of the entry's event lead to: fills `person` (unless that is new),
  /// `other` and `is_new_person`. False when so many numbers cannot lead to one person.
  Result<bool> find_persons(PersonEntry& entry);

  /// Applies the event of an entry that says whom it concerns; somebody new may be 0. Fills what
  /// the entry follows, and appends to `events` what is told of it.
  Result<void> apply(PersonEntry& entry, std::vector<Event>& events);

 private:
  Result<void> add_person(PersonEntry& entry);
  Result<void> use_number(const PersonEntry& entry);
  Result<void> apply_facts(PersonEntry& entry, Person& person, std::vector<Event>& events);
  Result<void> set_birth_date(const PersonEntry& entry, Person& person, std::vector<Event>& events);
  Result<void> opt_in(PersonEntry& entry, Person& person, std::vector<Event>& events);
  Result<void> judge_year(const PersonEntry& entry, const Person& person, int year,
                          std::vector<Event>& events);
  Result<void> show_year(PersonEntry& entry, const Person& person, int year,
                         std::vector<Event>& events);

  Store& store_;
  const RulePack& rules_;
  const EntryLog& log_;
};

/// How an event of a registry posts to a person's year.
PostContext context_of(const PersonEntry& entry, const RulePack& rules, int year,
                       const std::optional<Date>& birth_date);

/// Tells that one person turned out to be another.
Event told_merge(const UntoldMerge& merge, Position cause);

}  // namespace ledger
