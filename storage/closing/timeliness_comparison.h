#pragma once

#include <array>

#include "storage/closing/reconciliation_parts.h"
#include "storage/state/state_reader.h"

namespace storage {

/// Counts the lags, resends and rejections of a year's months again, for each practice and the
/// nation, and compares them with the counters. Returns the nation's by month of service.
std::array<ledger::TimelinessMonth, 12> compare_timeliness(const StateReader& state,
                                                           const ReconciliationParts& parts,
                                                           int year, const UseDifference& use,
                                                           const ReportProgress& report);

}  // namespace storage
