#include "tests/support/test_ledger.h"

#include <utility>

#include "tests/support/builders.h"

namespace ledger::test {

TestLedger::TestLedger(RulePack rules)
    : rules_(std::move(rules)), store_(MemoryStore::Journal::kept) {}

template <class Entry, class Input>
Outcome TestLedger::process(const Input& input) {
  // A ledger of its own for each: it must not carry anything over but in the store.
  Ledger ledger(store_, rules_, store_, settings_);
  Entry entry;
  const Outcome outcome = ledger.process(input, Position{next_position_}, entry).value();
  if (outcome.disposition == Disposition::accepted) {
    ++next_position_;
    store_.keep_entry(entry);
  }
  return outcome;
}

Outcome TestLedger::submit(const Item& item) { return process<ItemEntry>(item); }
Outcome TestLedger::submit(const PersonEvent& event) { return process<PersonEntry>(event); }
Outcome TestLedger::submit(const PracticeEvent& event) { return process<PracticeEntry>(event); }

Account TestLedger::account_of(std::uint32_t person, int year) const {
  const auto found = store_.persons().find(person_number(person));
  if (found == store_.persons().end()) return {};
  return store_.account({found->second, year});
}

}  // namespace ledger::test
