#pragma once

#include <map>

#include "ledger/records/entry.h"
#include "storage/closing/reconciliation_parts.h"
#include "storage/state/state_reader.h"

namespace storage {

/// Compares what the state keeps of the registry of practices with the newest event of each
/// practice that the journal has.
void compare_registered_practices(
    const StateReader& state, const std::map<ledger::PracticeNumber, ledger::PracticeEntry>& newest,
    const UseDifference& use);

}  // namespace storage
