#include "ledger/reference/reference_person.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "ledger/reference/person_history.h"
#include "ledger/reference/recomputation.h"
#include "ledger/reference/step.h"

namespace ledger {
namespace {

using Key = std::pair<PracticeNumber, Guid>;

/// The year of service of each registration.
std::map<Key, int> years_of(std::span<const Step> steps) {
  std::map<Key, int> years;
  for (const Step& step : steps) {
    if (!step.item || step.item->item.type != ItemType::copayment) continue;
    const Item& item = step.item->item;
    years.try_emplace({step.item->practice, item.guid}, year_of(oslo_date(item.service_time)));
  }
  return years;
}

/// The steps of one year: its items, and all that registries have told.
std::vector<Step> steps_of_year(std::span<const Step> steps, const std::map<Key, int>& years,
                                int year) {
  std::vector<Step> chosen;
  for (const Step& step : steps) {
    if (step.item) {
      const auto found = years.find({step.item->practice, step.item->item.guid});
      if (found == years.end() || found->second != year) continue;
    }
    chosen.push_back(step);
  }
  return chosen;
}

/// Which numbers lead to the person, and which is in use.
void collect_numbers(std::span<const Step> steps, ReferencePerson& person) {
  std::set<EncryptedNumber> numbers;
  for (const Step& step : steps) {
    if (step.item) {
      if (step.item->is_new_person) person.in_use = step.item->item.person;
      if (step.item->is_new_person) numbers.insert(step.item->item.person);
      continue;
    }
    const PersonEvent& event = step.person->event;
    numbers.insert(event.person);
    if (event.has_other()) numbers.insert(event.other);
    // Persons who are one in the end were made one by such an event, so the last of them decides.
    if (event.has_other() || step.person->is_new_person) person.in_use = event.in_use();
  }
  numbers.erase(EncryptedNumber{});
  person.numbers.assign(numbers.begin(), numbers.end());
}

/// Tells of the merges, at once or when the person opts in.
class Merges {
 public:
  Merges(std::span<const Step> steps, const PersonHistory& persons, ReferencePerson& person)
      : steps_(steps), persons_(persons), person_(person) {}

  void tell() {
    for (std::size_t step = 0; step < steps_.size(); ++step) {
      if (!steps_[step].person || persons_.is_misfit(step)) continue;
      const PersonEntry& entry = *steps_[step].person;
      if (entry.other != PersonId()) note(entry);
      if (!persons_.is_opted_out(entry.person, step + 1)) tell_those_of(step + 1, entry);
    }
    person_.untold = std::move(waiting_);
  }

 private:
  void note(const PersonEntry& entry) {
    person_.merged.push_back(entry.other);
    waiting_.push_back({entry.position, entry.person, entry.other, {}});
    for (const auto& [year, account] : person_.accounts) {
      for (const ReferenceMerge& merge : account.merges) {
        if (merge.position != entry.position || !merge.replaced) continue;
        waiting_.back().replaced_cards.push_back(*merge.replaced);
      }
    }
  }

  /// Of the merges that wait, those that are this person's by then.
  void tell_those_of(std::size_t moment, const PersonEntry& entry) {
    std::vector<UntoldMerge> others;
    for (UntoldMerge& merge : waiting_) {
      if (persons_.who(merge.kept, moment) != entry.person) {
        others.push_back(std::move(merge));
        continue;
      }
      Event event;
      event.type = EventType::person_merged;
      event.account = {merge.kept, 0};
      event.cause = entry.position;
      event.merged = merge.other;
      event.replaced_cards = std::move(merge.replaced_cards);
      person_.events.push_back(std::move(event));
    }
    waiting_ = std::move(others);
  }

  std::span<const Step> steps_;
  const PersonHistory& persons_;
  ReferencePerson& person_;
  std::vector<UntoldMerge> waiting_;
};

/// For each opt-in the items of its person's registrations that named nobody.
void collect_meanwhile(std::span<const Step> steps, const PersonHistory& persons,
                       ReferencePerson& person) {
  std::map<Key, PersonId> reported_for;
  std::vector<std::pair<Position, PersonId>> nameless;
  for (std::size_t step = 0; step < steps.size(); ++step) {
    if (const ItemEntry* const entry = steps[step].item) {
      const Key key{entry->practice, entry->item.guid};
      if (entry->item.type == ItemType::copayment) reported_for.try_emplace(key, entry->person);
      const auto found = reported_for.find(key);
      if (entry->person != PersonId() || found == reported_for.end()) continue;
      if (found->second != PersonId()) nameless.emplace_back(steps[step].position(), found->second);
      continue;
    }
    const PersonEntry& entry = *steps[step].person;
    if (persons.is_misfit(step) || entry.event.type != PersonEventType::opted_in) continue;
    std::vector<Position>& items = person.meanwhile[entry.position];
    std::erase_if(nameless, [&](const auto& item) {
      if (persons.who(item.second, step) != entry.person) return false;
      items.push_back(item.first);
      return true;
    });
  }
}

/// Of one entry: the merges, then by year; what is of the same entry and year stays in its order.
void order_as_feed(std::vector<Event>& events) {
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return std::pair{a.cause, a.account.year} < std::pair{b.cause, b.account.year};
  });
}

}  // namespace

ReferencePerson reference_person(std::span<const Entry> entries,
                                 const std::map<int, AnnualCeiling>& ceilings,
                                 const RulePackHash& rule_pack) {
  const std::vector<Step> steps = steps_of(entries);
  const PersonHistory persons(steps);
  ReferencePerson person;
  person.id = persons.who(lowest_person(steps), steps.size());
  const PersonHistory::Facts& facts = persons.facts(person.id, steps.size());
  person.newest_event = facts.newest_event;
  person.birth_date = facts.birth_date;
  person.has_death = facts.has_death;
  person.death = facts.death;
  person.pension = facts.pension;
  person.is_opted_out = facts.is_opted_out;
  collect_numbers(steps, person);
  collect_meanwhile(steps, persons, person);

  const std::map<Key, int> years = years_of(steps);
  for (const auto& [key, year] : years) {
    const auto ceiling = ceilings.find(year);
    if (ceiling == ceilings.end() || person.accounts.contains(year)) continue;
    ReferenceAccount account =
        Recomputation(steps_of_year(steps, years, year), year, ceiling->second.amount, rule_pack)
            .run();
    person.accounts.emplace(year, std::move(account));
  }
  Merges(steps, persons, person).tell();
  std::sort(person.merged.begin(), person.merged.end());
  for (const auto& [year, account] : person.accounts) {
    person.events.insert(person.events.end(), account.events.begin(), account.events.end());
  }
  order_as_feed(person.events);
  return person;
}

}  // namespace ledger
