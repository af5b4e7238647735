#pragma once

#include "storage/closing/reconciliation_parts.h"
#include "storage/state/state_reader.h"

namespace storage {

/// Compares the index of unpaid registrations with service days of a year with the rows it must
/// have.
void compare_unpaid(const StateReader& state, const ReconciliationParts& parts, int year,
                    const UseDifference& use, const ReportProgress& report);

}  // namespace storage
