#include "tests/sim/registry_checkers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/sim/check.h"
#include "tests/sim/checkers.h"
#include "tests/support/print.h"

namespace sim {
namespace {

using ledger::Account;
using ledger::AccountKey;
using ledger::EncryptedNumber;
using ledger::Entry;
using ledger::ItemEntry;
using ledger::Person;
using ledger::PersonEntry;
using ledger::PersonId;
using ledger::Position;
using ledger::PracticeEntry;
using ledger::test::MemoryStore;
using testing::PrintToString;
using Expected = RegistryModel::Expected;

std::string name_of(PersonId person) { return "person " + std::to_string(person.value()); }

template <class Value>
void check_equal(const std::string& what, const Value& found, const Value& expected) {
  if (found == expected) return;
  fail(what + "\n  is        " + PrintToString(found) + "\n  should be " + PrintToString(expected));
}

/// What the items were answered is what the reference says.
void check_answers(const Expected& expected, const std::vector<Entry>& answered) {
  for (std::size_t i = 0; i < answered.size(); ++i) {
    const ItemEntry* const item = item_of(answered[i]);
    if (item == nullptr) continue;
    check_equal("the answer to '" + PrintToString(item->item) + "'", item->verdict,
                item_of(expected.entries[i])->verdict);
  }
}

void check_accounts(const Expected& expected, const MemoryStore& store) {
  std::size_t count = 0;
  for (const auto& [year, reference] : expected.person.accounts) {
    check(reference.misfits.empty(), "the reference can place every entry");
    if (reference.account.newest == Position()) continue;
    ++count;
    const AccountKey key{expected.person.id, year};
    check_equal("the account of " + name_of(key.person) + " year " + std::to_string(year),
                store.account(key), reference.account);
  }
  const auto begin = store.accounts().lower_bound({expected.person.id, 0});
  const auto end = std::find_if(begin, store.accounts().end(), [&](const auto& account) {
    return account.first.person != expected.person.id;
  });
  check(static_cast<std::size_t>(std::distance(begin, end)) == count,
        "no account without an accepted item");
}

void check_registrations(const Expected& expected, const RegistryModel& model,
                         const MemoryStore& store) {
  for (const auto& [year, reference] : expected.person.accounts) {
    for (const ledger::ReferenceRegistration& of_reference : reference.registrations) {
      const auto& report = model.reports().at({of_reference.practice, of_reference.guid});
      const auto found = store.registrations().find(report.item.fingerprint);
      check(found != store.registrations().end(), "an accepted item has a registration");
      check_equal("the registration of " + to_string(report.item.guid), found->second,
                  {report.person, report.item.content_hash, report.item.amount, report.service_day,
                   report.is_paid(), report.is_credited(), of_reference.counts, report.reported,
                   report.payment, report.credit_note});
    }
  }
}

std::string text_of(const Person& person) {
  const auto day = [](const std::optional<ledger::Date>& date) {
    return date ? std::to_string(date->time_since_epoch().count()) : std::string("none");
  };
  return "newest @" + std::to_string(person.newest_event.value()) + ", born on day " +
         day(person.birth_date) + ", died on day " + day(person.death) +
         (person.has_death ? " (told)" : "") + ", " +
         (person.pension ? std::to_string(person.pension->size()) : std::string("no")) +
         " periods" + (person.is_opted_out ? ", opted out" : "") + ", merged into " +
         std::to_string(person.merged_into.value()) + ", untold " +
         std::to_string(person.untold.size());
}

void check_facts_are(PersonId person, const Person& expected, const MemoryStore& store) {
  const auto found = store.facts().find(person);
  const Person kept = found == store.facts().end() ? Person() : found->second;
  if (kept == expected) return;
  fail("what is known of " + name_of(person) + "\n  is        " + text_of(kept) + "\n  should be " +
       text_of(expected));
}

/// Of who is another person now nothing is known but that.
void check_facts(const Expected& expected, const MemoryStore& store) {
  const ledger::ReferencePerson& person = expected.person;
  Person facts;
  facts.newest_event = person.newest_event;
  facts.birth_date = person.birth_date;
  facts.has_death = person.has_death;
  facts.death = person.death;
  facts.pension = person.pension;
  facts.is_opted_out = person.is_opted_out;
  facts.untold = person.untold;
  check_facts_are(person.id, facts, store);
  for (const Entry& any : expected.entries) {
    const auto* const entry = std::get_if<PersonEntry>(&any);
    if (entry == nullptr || entry->other == PersonId()) continue;
    Person gone;
    gone.newest_event = entry->position;
    gone.merged_into = entry->person;
    check_facts_are(entry->other, gone, store);
    check(store.numbers().at(entry->other.value() - 1).empty(),
          "no number leads to somebody who is another person now");
  }
}

void check_numbers(const Expected& expected, const MemoryStore& store) {
  const PersonId id = expected.person.id;
  check(store.numbers().size() >= id.value(), "a person for each number accepted");
  std::vector<EncryptedNumber> found = store.numbers()[id.value() - 1];
  check(!found.empty() && found.front() == expected.person.in_use, "the number in use is first");
  std::sort(found.begin(), found.end());
  check(found == expected.person.numbers, "the numbers of a person are all that lead there");
}

void check_expected(const Expected& expected, PersonId person, const RegistryModel& model,
                    const MemoryStore& store) {
  check(expected.person.id == person, "the reference finds the one who stays");
  check_answers(expected, model.entries_of(person));
  check_accounts(expected, store);
  check_registrations(expected, model, store);
  if (person == PersonId()) return;  // nobody has neither facts nor numbers
  check_facts(expected, store);
  check_numbers(expected, store);
}

/// Registrations that are neither paid nor credited, whoever they are for.
void check_unpaid(const RegistryModel& model, const MemoryStore& store) {
  std::map<ledger::UnpaidKey, ledger::UnpaidRegistration> unpaid;
  for (const auto& [key, report] : model.reports()) {
    if (report.is_paid() || report.is_credited()) continue;
    const ledger::Item& item = report.item;
    const Position position = report.reported.position;
    unpaid[{key.first, report.service_day, position}] = {position, item.guid, item.service_time,
                                                         item.received, item.amount};
  }
  check(store.unpaid() == unpaid, "unpaid is what nobody has paid nor credited");
}

void check_registries(const RegistryModel& model, const MemoryStore& store) {
  check(store.registry_events().size() == model.heard().size(), "each event is known once");
  for (const auto& [id, heard] : model.heard()) {
    const auto found = store.registry_events().find(id);
    check(found != store.registry_events().end() && found->second.position == heard.position,
          "an accepted event is known by its id");
  }
  check(store.practices() == model.practices(), "practices are numbered as they come");
  std::map<ledger::PracticeNumber, const PracticeEntry*> newest;
  for (const PracticeEntry& entry : model.practice_entries()) newest[entry.practice] = &entry;
  check(store.registered_practices().size() == newest.size(), "a practice for each that was told");
  for (const auto& [number, entry] : newest) {
    const auto found = store.registered_practices().find(number);
    const bool is_kept = found != store.registered_practices().end() &&
                         found->second.event == entry->event &&
                         found->second.position == entry->position;
    check(is_kept, "a practice is as its registry told last");
  }
}

/// An entry concerns one person, so what all persons are told is the feed.
void check_feed(std::vector<ledger::Event> due, const MemoryStore& store) {
  std::stable_sort(due.begin(), due.end(), [](const ledger::Event& a, const ledger::Event& b) {
    return a.cause < b.cause;
  });
  const std::vector<ledger::Event>& told = store.events();
  const auto [expected, found] = std::mismatch(due.begin(), due.end(), told.begin(), told.end());
  if (expected == due.end() && found == told.end()) return;
  fail("the feed\n  tells      " + (found == told.end() ? "no more" : PrintToString(*found)) +
       "\n  has to tell " + (expected == due.end() ? "no more" : PrintToString(*expected)));
}

// ---- the journal ----

bool is_as_expected(const ItemEntry& found, const ItemEntry& expected) {
  return found.item.type == expected.item.type && found.item.guid == expected.item.guid &&
         found.practice == expected.practice && found.is_new_practice == expected.is_new_practice &&
         found.person == expected.person && found.is_new_person == expected.is_new_person &&
         found.previous == expected.previous && found.verdict == expected.verdict;
}

/// An opt-in may name again what earlier ones have named.
bool is_as_expected(const PersonEntry& found, const PersonEntry& expected) {
  return found.event == expected.event && found.person == expected.person &&
         found.other == expected.other && found.is_new_person == expected.is_new_person &&
         found.previous == expected.previous && found.other_previous == expected.other_previous &&
         found.years == expected.years &&
         std::includes(found.meanwhile.begin(), found.meanwhile.end(), expected.meanwhile.begin(),
                       expected.meanwhile.end());
}

bool is_as_expected(const PracticeEntry& found, PracticeEntry expected) {
  // The identifier stands where the practice is new.
  if (!expected.is_new_practice) expected.event.practice = found.event.practice;
  return found.event == expected.event && found.practice == expected.practice &&
         found.is_new_practice == expected.is_new_practice && found.previous == expected.previous;
}

bool is_as_expected(const Entry& found, const Entry& expected) {
  if (found.index() != expected.index()) return false;
  if (item_of(found)) return is_as_expected(*item_of(found), *item_of(expected));
  if (const auto* const person = std::get_if<PersonEntry>(&found)) {
    return is_as_expected(*person, std::get<PersonEntry>(expected));
  }
  return is_as_expected(std::get<PracticeEntry>(found), std::get<PracticeEntry>(expected));
}

}  // namespace

void check_person(PersonId person, const RegistryModel& model, const MemoryStore& store) {
  if (model.entries_of(person).empty()) {
    // Of a group that was built and not kept.
    const bool is_kept = store.numbers().size() >= person.value() || store.facts().contains(person);
    check(person == PersonId() || !is_kept, "nobody whom no accepted item or event names");
    return;
  }
  check_expected(model.expect(person), person, model, store);
}

void check_state(const RegistryModel& model, const MemoryStore& store) {
  std::size_t accounts = 0;
  std::size_t facts = 0;
  std::vector<ledger::Event> due;
  for (const PersonId person : model.persons()) {
    const Expected expected = model.expect(person);
    check_expected(expected, person, model, store);
    for (const auto& [year, reference] : expected.person.accounts) {
      if (reference.account.newest != Position()) ++accounts;
    }
    if (expected.person.newest_event != Position()) facts += 1 + expected.person.merged.size();
    due.insert(due.end(), expected.person.events.begin(), expected.person.events.end());
  }
  check(store.accounts().size() == accounts, "one account for each person-year");
  check(store.facts().size() == facts, "facts about those of whom something was told");
  check(store.registrations().size() == model.reports().size(), "one registration for each key");
  check(store.persons() == model.numbers(), "each number leads to its person");
  check_unpaid(model, store);
  check_registries(model, store);
  check_feed(std::move(due), store);
  check_timeliness(model.lags(), model.tallies(), store);
}

void check_journal(const RegistryModel& model, const FaultyJournal& journal) {
  std::map<Position, Entry> due;
  for (const PersonId person : model.persons()) {
    for (Entry& entry : model.expect(person).entries) due.emplace(position_of(entry), entry);
  }
  for (const PracticeEntry& entry : model.practice_entries()) due.emplace(entry.position, entry);
  const auto read = journal.replay(Position{1}, [&](const ledger::CommitGroup& group) {
    for (const Entry& entry : group.entries) {
      const auto expected = due.find(position_of(entry));
      if (expected == due.end() || !is_as_expected(entry, expected->second)) {
        fail("the entry at " + std::to_string(position_of(entry).value()) +
             " of the journal names other persons or other entries than it has to");
      }
      due.erase(expected);
    }
    return ledger::ok();
  });
  check(read.has_value() && due.empty(), "the journal holds each accepted item and event");
}

}  // namespace sim
