#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ledger/records/event.h"
#include "ledger/records/registry_event.h"
#include "ledger/values/ids.h"
#include "ledger/values/oslo_time.h"

namespace ledger {

/// What every item asks of its person.
struct PersonBrief {
  Position newest_event;           ///< of a registry about this person; 0 = none
  std::optional<Date> birth_date;  ///< when it is known
  bool is_opted_out = false;
  bool has_pension = false;  ///< there are periods of minimum pension
  bool is_merged = false;    ///< is another person now

  friend bool operator==(const PersonBrief&, const PersonBrief&) = default;
};

/// A merge of persons that nobody has been told of, because they were opted out.
struct UntoldMerge {
  Position position;
  PersonId kept;
  PersonId other;
  std::vector<ReplacedCard> replaced_cards;  ///< by year
  friend bool operator==(const UntoldMerge&, const UntoldMerge&) = default;
};

/// What the registries have said about a person.
struct Person {
  Position newest_event;  ///< 0 = nothing yet
  std::optional<Date> birth_date;
  bool has_death = false;                      ///< something has been said of a death
  std::optional<Date> death;                   ///< nothing when it was annulled
  std::optional<std::vector<Period>> pension;  ///< nothing when nothing has been said
  bool is_opted_out = false;
  PersonId merged_into;             ///< 0 = nobody
  std::vector<UntoldMerge> untold;  ///< by position

  PersonBrief brief() const {
    return {newest_event, birth_date, is_opted_out, pension && !pension->empty(),
            merged_into.value() != 0};
  }
  friend bool operator==(const Person&, const Person&) = default;
};

/// The most numbers that may lead to one person.
inline constexpr std::size_t person_numbers_max = 1000;

}  // namespace ledger
