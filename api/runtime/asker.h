#pragma once

#include "api/identity/caller.h"
#include "ledger/ports/number_vault.h"
#include "ledger/records/asker.h"

namespace api {

/// What the access log keeps of a caller: nothing is cut, and a person's number is encrypted.
ledger::Asker asker_of(const Caller& caller, const ledger::NumberVault& numbers);

}  // namespace api
