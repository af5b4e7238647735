#pragma once

#include "storage/state/state_store.h"
#include "tests/support/memory_store.h"

namespace crash {

/// What readers find in the stored state is what the store in memory holds to which the same
/// entries were applied: accounts, registrations, unpaid ones, persons with all that is known of
/// them, practices, and the feed. Throws sim::CheckFailed.
void check_same(storage::StateStore& stored, const ledger::test::MemoryStore& expected);

}  // namespace crash
