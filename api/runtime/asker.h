#pragma once

#include "api/http/http_message.h"
#include "ledger/ports/number_vault.h"
#include "ledger/records/asker.h"

namespace api {

/// What the access log keeps of who asks: nothing is cut, and a person's number is encrypted.
ledger::Asker asker_of(const Request& request, const ledger::NumberVault& numbers);

}  // namespace api
