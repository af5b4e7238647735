#pragma once

#include "storage/bytes/format.h"
#include "tests/support/memory_store.h"

namespace sim {

/// The checksum of the state as the product defines it, from all rows.
storage::SetHash checksum_of(const ledger::test::MemoryStore& store);

}  // namespace sim
