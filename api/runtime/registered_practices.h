#pragma once

#include "api/identity/issuer.h"
#include "api/runtime/ledger_keeper.h"

namespace api {

/// From now on the registry of practices answers, too, for whom a caller acts: first what the
/// configuration says, then what the registry does. The keeper must stay.
void use_registry(AuthSettings& settings, const LedgerKeeper& keeper);

}  // namespace api
