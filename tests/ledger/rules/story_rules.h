#pragma once

#include <gtest/gtest.h>

#include <string>

#include "ledger/rules/ledger.h"
#include "tests/ledger/reference/stories.h"
#include "tests/support/builders.h"
#include "tests/support/memory_store.h"

namespace ledger::test {

/// The rules on a store in memory.
class RulesWorld final : public StoryWorld {
 public:
  StorySeen take(const StoryStep& step, Position position) override {
    StorySeen seen;
    const std::size_t told = store_.events().size();
    std::visit([&](const auto& what) { process(what, position, seen); }, step.what);
    for (const auto& [key, account] : store_.accounts()) {
      seen.accounts[key_text(key)] = account_text(key.year, account);
    }
    for (const auto& [number, id] : store_.persons()) describe_person(id, seen);
    for (std::size_t i = told; i < store_.events().size(); ++i) {
      seen.events.push_back(event_text(store_.events()[i], position));
    }
    return seen;
  }

 private:
  void process(const Item& item, Position position, StorySeen& seen) {
    ItemEntry entry;
    const auto outcome = ledger_.process(item, position, entry).value();
    EXPECT_EQ(outcome.disposition, Disposition::accepted) << name_of(outcome.rejection);
    seen.answer = answer_text(outcome.verdict);
    seen.person = entry.person;
    store_.keep_entry(entry);
  }
  void process(PersonEvent event, Position position, StorySeen& seen) {
    event.event_id = guid_of(static_cast<std::uint32_t>(position.value()));
    PersonEntry entry;
    const auto outcome = ledger_.process(event, position, entry).value();
    EXPECT_EQ(outcome.disposition, Disposition::accepted) << name_of(outcome.rejection);
    seen.answer = "accepted";
    seen.person = entry.person;
    seen.other = entry.other;
    store_.keep_entry(entry);
  }

  void describe_person(PersonId id, StorySeen& seen) {
    const Person person = store_.load_person(id).value();
    const auto numbers = store_.numbers_of(id).value();
    ASSERT_FALSE(numbers.empty());
    seen.persons[std::to_string(id.value())] =
        person_text(person.birth_date, person.is_opted_out, numbers.front(), numbers);
  }

  MemoryStore store_{MemoryStore::Journal::kept};
  Ledger ledger_{store_, story_rules(), store_};
};

}  // namespace ledger::test
