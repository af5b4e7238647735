#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ledger/reference/reference_person.h"
#include "tests/ledger/reference/entry_maker.h"
#include "tests/ledger/reference/stories.h"

namespace ledger::test {

/// The reference after each step, from nothing but the entries until then.
class ReferenceWorld : public StoryWorld {
 public:
  /// Like take(), without looking.
  void note(const StoryStep& step, Position position) {
    std::visit([&](const auto& what) { entries_.push_back(maker_.make(what, position)); },
               step.what);
  }

  StorySeen take(const StoryStep& step, Position position) override {
    note(step, position);
    StorySeen seen;
    describe(entries_.back(), seen);
    for (const PersonId id : maker_.persons()) {
      const ReferencePerson person = reference_person(entries_of(entries_, maker_, id),
                                                      story_rules().ceilings(), RulePackHash{});
      EXPECT_EQ(person.id, id);
      describe(person, position, seen);
    }
    return seen;
  }

 private:
  void describe(const Entry& entry, StorySeen& seen) const {
    seen.answer = "accepted";
    if (const auto* const event = std::get_if<PersonEntry>(&entry)) {
      seen.person = event->person;
      seen.other = event->other;
      return;
    }
    const ItemEntry& item = *item_of(entry);
    seen.person = item.person;
    const auto entries = entries_of(entries_, maker_, maker_.owner(item.item));
    for (const auto& [year, ceiling] : story_rules().ceilings()) {
      const auto person = reference_person(entries, {{year, ceiling}}, RulePackHash{});
      if (!person.accounts.contains(year)) continue;
      const Verdict& verdict = person.accounts.at(year).verdicts.back();
      if (verdict.position == item.verdict.position) seen.answer = answer_text(verdict);
    }
  }

  static void describe(const ReferencePerson& person, Position position, StorySeen& seen) {
    seen.persons[std::to_string(person.id.value())] =
        person_text(person.birth_date, person.is_opted_out, person.in_use, person.numbers);
    for (const auto& [year, reference] : person.accounts) {
      EXPECT_TRUE(reference.misfits.empty());
      if (reference.account.newest == Position()) continue;
      seen.accounts[key_text(reference.key)] = account_text(year, reference.account);
    }
    for (const Event& event : person.events) {
      if (event.cause == position) seen.events.push_back(event_text(event, position));
    }
  }

  EntryMaker maker_;
  std::vector<Entry> entries_;
};

}  // namespace ledger::test
