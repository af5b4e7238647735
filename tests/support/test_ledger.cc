#include "tests/support/test_ledger.h"

#include <utility>

#include "tests/support/builders.h"

namespace ledger::test {

TestLedger::TestLedger(RulePack rules)
    : rules_(std::move(rules)), store_(MemoryStore::Journal::kept) {}

Outcome TestLedger::submit(const Item& item) {
  // A ledger of its own for each item: it must not carry anything over but in the store.
  Ledger ledger(store_, rules_);
  ItemEntry entry;
  const Outcome outcome = ledger.process(item, Position{next_position_}, entry).value();
  if (outcome.disposition == Disposition::accepted) {
    ++next_position_;
    store_.keep_entry(entry);
  }
  return outcome;
}

Account TestLedger::account_of(std::uint32_t person, int year) const {
  const auto found = store_.persons().find(person_number(person));
  if (found == store_.persons().end()) return {};
  return store_.account({found->second, year});
}

}  // namespace ledger::test
