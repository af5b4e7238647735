#include "ledger/reference/step.h"

#include "ledger/values/assert.h"

namespace ledger {

std::vector<Step> steps_of(std::span<const Entry> entries) {
  std::vector<Step> steps;
  for (const Entry& entry : entries) {
    const auto* person = std::get_if<PersonEntry>(&entry);
    LEDGER_ASSERT(item_of(entry) || person);
    steps.push_back({item_of(entry), person});
  }
  return steps;
}

std::vector<Step> steps_of(std::span<const ItemEntry> entries) {
  std::vector<Step> steps;
  for (const ItemEntry& entry : entries) steps.push_back({&entry, nullptr});
  return steps;
}

PersonId lowest_person(std::span<const Step> steps) {
  PersonId lowest;
  for (const Step& step : steps) {
    const PersonId person = step.item ? step.item->person : step.person->person;
    if (person == PersonId()) continue;
    if (lowest == PersonId() || person < lowest) lowest = person;
  }
  return lowest;
}

}  // namespace ledger
