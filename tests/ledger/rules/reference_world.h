#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/rules/ledger.h"
#include "tests/support/builders.h"
#include "tests/support/memory_store.h"
#include "tests/support/slow_build.h"

// What sequences of items are held against: after each item the state is compared with what the
// reference makes of the accepted entries, the invariants are checked, and everything is sent once
// more, which must change nothing.

namespace ledger::test {

/// With a ceiling of 100 øre.
const RulePack& rules();

/// What the answer to an item must be, worked out from the items accepted so far by looking through
/// all of them. Does not judge times or cards.
struct ExpectedAnswer {
  Disposition disposition;
  Code rejection = Code::none;
  Verdict verdict;  ///< of the original, for a duplicate
};

ExpectedAnswer expected_answer(const std::vector<ItemEntry>& entries, const Item& item);

/// The state after a sequence. Copied at each branch.
struct World {
  MemoryStore store{MemoryStore::Journal::kept};
  std::uint64_t next_position = 1;

  Outcome submit(const Item& item) {
    Ledger ledger(store, rules(), store);
    ItemEntry entry;
    const Outcome outcome = ledger.process(item, Position{next_position}, entry).value();
    if (outcome.disposition == Disposition::accepted) {
      ++next_position;
      store.keep_entry(entry);
    }
    return outcome;
  }
};

/// What is wrong with an answer or with the state, in words; empty when nothing is. Strings are
/// made of failures only: this runs millions of times.
std::string answer_problem(const ExpectedAnswer& expected, const Outcome& outcome);
std::string state_problem(const MemoryStore& store);
/// Sends everything once more, and everything once more with another amount.
std::string resend_problem(World& world);

/// The key called 0, 1, 2: the first two share a guid and differ in practice.
ItemBuilder with_key(ItemBuilder builder, std::uint32_t key);

}  // namespace ledger::test
