#include "storage/closing/person_year.h"

#include <algorithm>
#include <map>

#include "storage/closing/owners.h"

namespace storage {

using ledger::Entry;
using ledger::PersonId;
using ledger::Position;
using ledger::Step;

std::vector<Step> steps_of(const PersonYear& year) {
  std::vector<Step> steps;
  steps.reserve(year.entries.size() + year.registry_events.size());
  auto event = year.registry_events.begin();
  for (const ledger::ItemEntry& item : year.entries) {
    for (; event != year.registry_events.end() && event->position < item.verdict.position;
         ++event) {
      steps.push_back({nullptr, &*event});
    }
    steps.push_back({&item, nullptr});
  }
  for (; event != year.registry_events.end(); ++event) steps.push_back({nullptr, &*event});
  return steps;
}

std::vector<Entry> all_entries_of(const PersonYear& year) {
  std::vector<Entry> entries;
  entries.reserve(year.entries.size() + year.registry_events.size());
  for (const Step& step : steps_of(year)) {
    entries.push_back(step.item ? Entry(*step.item) : Entry(*step.person));
  }
  return entries;
}

std::vector<PersonYear> as_of(const PersonYear& year, Position last) {
  Owners owners;
  for (const ledger::PersonEntry& event : year.registry_events) {
    if (event.position <= last && event.other != PersonId())
      owners.note({event.other, event.person});
  }
  std::map<PersonId, PersonYear> persons;
  const auto year_of = [&](PersonId person) -> PersonYear& {
    PersonYear& found = persons[owners.of(person)];
    found.key = {owners.of(person), year.key.year};
    return found;
  };
  for (std::size_t i = 0; i < year.entries.size(); ++i) {
    if (year.entries[i].verdict.position > last) break;
    PersonYear& person = year_of(year.reported_for[i]);
    person.entries.push_back(year.entries[i]);
    person.reported_for.push_back(year.reported_for[i]);
    person.rule_packs.push_back(year.rule_packs[i]);
  }
  for (std::size_t i = 0; i < year.registry_events.size(); ++i) {
    if (year.registry_events[i].position > last) break;
    PersonYear& person = year_of(year.registry_events[i].person);
    person.registry_events.push_back(year.registry_events[i]);
    person.registry_rule_packs.push_back(year.registry_rule_packs[i]);
  }
  std::vector<PersonYear> years;
  years.reserve(persons.size());
  for (auto& [person, found] : persons) years.push_back(std::move(found));
  return years;
}

}  // namespace storage
