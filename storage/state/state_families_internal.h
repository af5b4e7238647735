#pragma once

#include <vector>

#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/state_families.h"

namespace storage {

/// The families of `state_family_table` with their options, for one opening of the database: with a
/// cache of its own.
std::vector<DatabaseFamily> state_families();

}  // namespace storage
