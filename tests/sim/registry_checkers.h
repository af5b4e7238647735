#pragma once

#include "tests/sim/faulty_journal.h"
#include "tests/sim/registry_model.h"
#include "tests/support/memory_store.h"

namespace sim {

// Each throws CheckFailed, with a description, when the product broke a promise.

/// What is kept of somebody who has not been merged into another, or of what is nobody's: what the
/// items were answered, accounts, registrations, what registries told, and numbers.
void check_person(ledger::PersonId person, const RegistryModel& model,
                  const ledger::test::MemoryStore& store);

/// Everything, of everybody; nothing is too much, and the feed tells what the reference tells.
void check_state(const RegistryModel& model, const ledger::test::MemoryStore& store);

/// Each entry says whom it concerns, what it follows and what it joined, as it has to.
void check_journal(const RegistryModel& model, const FaultyJournal& journal);

}  // namespace sim
