#pragma once

#include <atomic>

#include "api/cards/cards.h"
#include "api/http/http_server.h"
#include "api/http/router.h"
#include "api/identity/gate.h"
#include "api/national/card_query.h"
#include "api/runtime/jobs.h"
#include "api/runtime/ledger_keeper.h"
#include "api/runtime/limits.h"
#include "api/submissions/submissions.h"
#include "ledger/values/national_id.h"

namespace api {

/// What `frikort serve` puts on the network: a ledger that is kept open, background work, and the
/// endpoints.
class Service {
 public:
  /// Opens the ledger; throws what LedgerKeeper throws. The issuer is that of cards. Answers go
  /// through the server, to those whom the gate lets in; both must stay.
  Service(storage::LedgerOptions ledger, ledger::NumberSeries series, const Limits& limits,
          const std::string& issuer, const NationalSettings& national, std::size_t spinning_threads,
          const Gate& gate, HttpServer& server);

  LedgerKeeper& keeper() { return keeper_; }

  /// The server begins to answer, and so does the one that gives everybody the metrics, if there is
  /// one; it must stay.
  void start(HttpServer* metrics = nullptr);
  /// /isready says no from now on; returns when open requests have been answered, or cut off.
  void stop();

 private:
  HttpServer& server_;
  HttpServer* metrics_server_ = nullptr;
  const Gate& gate_;
  std::atomic<bool> is_draining_{false};
  Router router_;
  Router metrics_router_;
  const Gate open_gate_;
  Jobs jobs_;
  LedgerKeeper keeper_;  // what it closes is used by those above
  Submissions submissions_;
  Cards cards_;
  CardQuery card_query_;
};

}  // namespace api
