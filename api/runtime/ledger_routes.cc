#include "api/runtime/ledger_routes.h"

#include <utility>

#include "api/http/problem.h"

namespace api {

void wait_for_journal(Response& response, std::shared_ptr<OpenLedger> open) {
  const ledger::Position reflects = response.reflects;
  if (reflects.value() == 0 || open->is_durable(reflects)) return;
  const ledger::Position next{reflects.value() + 1};
  response.when_durable = [kept = std::move(open), next](auto ready) {
    kept->when_durable(next, std::move(ready));
  };
}

Handler with_ledger(const LedgerKeeper& keeper, LedgerHandler handle) {
  return [&keeper, handle = std::move(handle)](const Request& request) {
    auto open = keeper.lease();
    if (!open) {
      return to_response(problem_of(ledger::Errc::store_unavailable), request.correlation_id);
    }
    Response response = handle(*open, request);
    wait_for_journal(response, std::move(open));
    return response;
  };
}

}  // namespace api
