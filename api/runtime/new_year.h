#pragma once

#include <string>

#include "api/runtime/ledger_keeper.h"
#include "ledger/records/rule_pack.h"
#include "ledger/values/oslo_time.h"

namespace api {

/// What an operator has to do before the year turns: every report of a year without ceiling is
/// rejected. The sentence names the year and the remedy; empty while this year has a ceiling, and
/// from 1 December on the next year too. `today` is the date in Oslo.
std::string ceiling_warning(const ledger::RulePack& rules, ledger::Date today);

/// The same of the ledger that the keeper keeps, now; empty also while it is closed.
std::string ceiling_warning(const LedgerKeeper& keeper);

}  // namespace api
