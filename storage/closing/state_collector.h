#pragma once

#include "storage/closing/reconciliation_parts.h"
#include "storage/files/report_progress.h"
#include "storage/state/state_reader.h"

namespace storage {

/// Collects what the state does not keep in the order of the parts: given its rows, puts aside by
/// person what has been told of the year and of merges, and the index of national numbers, and what
/// was refused in the year of practices that have no number. Throws std::runtime_error when they
/// cannot be read.
void collect_state(const StateReader& state, int year, const Owners& owners,
                   ReconciliationParts& parts, const ReportProgress& report);

}  // namespace storage
