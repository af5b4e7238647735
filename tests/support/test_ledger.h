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

  /// Processes the item; the test fails when the store does.
  Outcome submit(const Item& item);

  /// The account of the person that builders call `person`; empty when nothing is known.
  Account account_of(std::uint32_t person, int year) const;

  const MemoryStore& store() const { return store_; }
  const RulePack& rules() const { return rules_; }

 private:
  RulePack rules_;
  MemoryStore store_;
  std::uint64_t next_position_ = 1;
};

}  // namespace ledger::test
