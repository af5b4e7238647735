#pragma once

#include "ledger/records/rule_pack.h"
#include "ledger/rules/ledger.h"
#include "tests/support/memory_store.h"

namespace ledger::test {

/// A ledger over a store in memory that gives accepted items the positions 1, 2, 3 … and keeps
/// their entries.
class TestLedger {
 public:
  explicit TestLedger(RulePack rules);

  /// Processes the item or event; the test fails when the store does.
  Outcome submit(const Item& item);
  Outcome submit(const PersonEvent& event);
  Outcome submit(const PracticeEvent& event);

  /// The account of the person that builders call `person`; empty when nothing is known.
  Account account_of(std::uint32_t person, int year) const;

  /// The practices have to be in the registry from now on.
  void require_practices() { settings_.are_practices_required = true; }

  const MemoryStore& store() const { return store_; }
  const RulePack& rules() const { return rules_; }

 private:
  template <class Entry, class Input>
  Outcome process(const Input& input);

  RulePack rules_;
  MemoryStore store_;
  LedgerSettings settings_;
  std::uint64_t next_position_ = 1;
};

}  // namespace ledger::test
