#pragma once

#include <cstddef>

#include "storage/closing/reconciliation_parts.h"
#include "storage/state/state_reader.h"

namespace storage {

/// Compares the index of national numbers, both ways, with the numbers that the journal gives to
/// persons: those of one part. A number that has been erased from the journal leads nowhere.
void compare_numbers(const StateReader& state, const ReconciliationParts& parts,
                     const Owners& owners, std::size_t part, const UseDifference& use);

}  // namespace storage
