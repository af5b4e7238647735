#pragma once

#include <cstdint>
#include <map>

#include "ledger/records/rule_pack.h"
#include "tests/sim/faulty_journal.h"
#include "tests/sim/faulty_store.h"

namespace sim {

ledger::RulePack rule_pack_of(const std::map<int, ledger::AnnualCeiling>& ceilings);

/// The state as it was handed over at some group, and the rules in force there.
struct Snapshot {
  FaultyStore state;
  ledger::RulePack rules = rule_pack_of({});
  ledger::Position next_position{1};
};

/// Applies a journal to a snapshot, as a restart does, and adds to `entries` how many it had.
/// Throws CheckFailed.
void replay(const FaultyJournal& journal, Snapshot& snapshot, std::uint64_t& entries);

}  // namespace sim
