#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ledger/records/entry.h"

namespace ledger {

/// An entry as the reference works through it: of an item or about a person, one of the two. The
/// step with index n leads from moment n, when n entries have been, to moment n + 1.
struct Step {
  const ItemEntry* item = nullptr;
  const PersonEntry* person = nullptr;

  Position position() const { return item ? item->verdict.position : person->position; }
  Instant received() const { return item ? item->item.received : person->event.received; }
};

/// Entries of other kinds than these two stop the process: no account knows them. The steps point
/// at the entries.
std::vector<Step> steps_of(std::span<const Entry> entries);
std::vector<Step> steps_of(std::span<const ItemEntry> entries);
/// The lowest id that they name, which is that of the person who stays; 0 when they name nobody.
PersonId lowest_person(std::span<const Step> steps);

}  // namespace ledger
