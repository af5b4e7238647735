#pragma once

#include "ledger/records/item.h"
#include "ledger/records/registration.h"
#include "ledger/values/ids.h"

namespace ledger {

/// An accepted item as the journal keeps it: what was reported, who it concerns, what was decided.
struct Entry {
  Item item;
  PracticeNumber practice;
  bool is_new_practice = false;  ///< first seen here: the entry introduces number and identifier
  PersonId person;
  bool is_new_person = false;  ///< first seen here: the entry introduces id and encrypted number
  Position previous;           ///< the entry before it in the same account; 0 = none
  Verdict verdict;
};

/// How often a practice's items were refused or repeated in a commit group.
struct Tally {
  PracticeId practice;     ///< empty: not attributable, counted for the nation only
  Month month{};           ///< of receipt
  Code code = Code::none;  ///< the reason of a rejection; `none` = a duplicate
  std::uint64_t count = 0;

  friend bool operator==(const Tally&, const Tally&) = default;
};

}  // namespace ledger
