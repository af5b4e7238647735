#include "ledger/reference/person_history.h"

namespace ledger {
namespace {

using Facts = PersonHistory::Facts;

void hear(Facts& facts, const PersonEvent& event) {
  switch (event.type) {
    case PersonEventType::birth_date:
      facts.birth_date = event.date;
      break;
    case PersonEventType::died:
      facts.has_death = true;
      facts.death = event.date;
      break;
    case PersonEventType::opted_out:
      facts.is_opted_out = true;
      break;
    case PersonEventType::opted_in:
      facts.is_opted_out = false;
      break;
    case PersonEventType::minimum_pension:
      facts.pension = event.periods;
      break;
    case PersonEventType::number_changed:
    case PersonEventType::merged:
      break;  // says something of numbers only, unless two persons become one
  }
}

/// The one who stays knows better; what has never been said of him the other fills in.
void settle(Facts& kept, const Facts& other) {
  if (!kept.birth_date) kept.birth_date = other.birth_date;
  if (!kept.has_death) kept.death = other.death;
  kept.has_death = kept.has_death || other.has_death;
  if (!kept.pension) kept.pension = other.pension;
  kept.is_opted_out = kept.is_opted_out || other.is_opted_out;
}

}  // namespace

PersonHistory::PersonHistory(std::span<const Step> steps) : versions_(1), version_of_(1) {
  for (std::size_t step = 0; step < steps.size(); ++step) {
    if (const PersonEntry* const entry = steps[step].person) {
      if (fits(versions_.back(), *entry)) {
        Persons persons = versions_.back();
        Facts& facts = persons[entry->person];
        hear(facts, entry->event);
        facts.newest_event = entry->position;
        if (entry->other != PersonId()) {
          settle(facts, persons[entry->other]);
          persons[entry->other].merged_into = entry->person;
        }
        versions_.push_back(std::move(persons));
      } else {
        misfits_.insert(step);
      }
    }
    version_of_.push_back(versions_.size() - 1);
  }
}

bool PersonHistory::fits(const Persons& before, const PersonEntry& entry) {
  const auto is_gone = [&before](PersonId person) {
    const auto found = before.find(person);
    return found != before.end() && found->second.merged_into != PersonId();
  };
  if (entry.person == PersonId() || is_gone(entry.person)) return false;
  if (entry.other == PersonId()) return true;
  return entry.event.has_other() && entry.person < entry.other && !is_gone(entry.other);
}

PersonId PersonHistory::last_of_merges(PersonId person, std::size_t moment) const {
  while (said(person, moment).merged_into != PersonId()) {
    person = said(person, moment).merged_into;
  }
  return person;
}

const PersonHistory::Facts PersonHistory::nothing_said;

const PersonHistory::Facts& PersonHistory::said(PersonId person, std::size_t moment) const {
  const Persons& persons = versions_[version_of_[moment]];
  const auto found = persons.find(person);
  return found == persons.end() ? nothing_said : found->second;
}

Date sixteen_years_after(Date birth_date) {
  const std::chrono::year_month_day birth{birth_date};
  const std::chrono::year_month_day day = birth + std::chrono::years{16};
  return day.ok() ? Date{day} : Date{day.year() / std::chrono::March / 1};
}

}  // namespace ledger
