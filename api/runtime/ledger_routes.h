#pragma once

#include <functional>

#include "api/http/router.h"
#include "api/runtime/ledger_keeper.h"

namespace api {

using LedgerHandler = std::function<Response(OpenLedger&, const Request&)>;

/// Sees to it that the answer leaves when the journal of `open` holds what it reflects.
void wait_for_journal(Response& response, std::shared_ptr<OpenLedger> open);

/// A handler that has the ledger meanwhile, and whose answer waits for the journal; 503 while the
/// ledger is closed. The keeper must stay.
Handler with_ledger(const LedgerKeeper& keeper, LedgerHandler handle);

}  // namespace api
