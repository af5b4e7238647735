#pragma once

#include "api/identity/issuer.h"
#include "api/runtime/ledger_keeper.h"

namespace api {

/// From now on the registry of practices answers, too, for whom a caller acts: first what the
/// configuration says, then what the registry does. The keeper must stay.
void use_registry(AuthSettings& settings, const LedgerKeeper& keeper);

/// Whether one of the practices that the caller acts for has an agreement on this day. Who acts for
/// all of them needs none.
bool has_agreement(OpenLedger& open, const Caller& caller, ledger::Date day);

}  // namespace api
