#pragma once

#include <cstddef>

#include "storage/closing/reconciliation_parts.h"
#include "storage/state/state_reader.h"

namespace storage {

/// Compares the index of registrations of a year with the rows it must have: those of one part.
void compare_registrations(const StateReader& state, const ReconciliationParts& parts,
                           std::size_t part, int year, const UseDifference& use,
                           const ReportProgress& report);

}  // namespace storage
