#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "api/http/router.h"
#include "api/runtime/ledger_keeper.h"
#include "api/runtime/limits.h"
#include "ingest/items/line_parser.h"
#include "ingest/writer/submission.h"
#include "ledger/values/national_id.h"

namespace api {

/// What serves POST /v1/registrations and the feeds of the registries: reads items or events,
/// submits them to the writer of the ledger, and answers with their results and receipts.
///
/// Concurrency: its parts are used by all network threads.
class Submissions {
 public:
  /// The keeper must stay.
  Submissions(const LedgerKeeper& keeper, ledger::NumberSeries series, const Limits& limits)
      : keeper_(keeper), series_(series), limits_(limits) {}

  /// This must stay as long as the router is used.
  void add_routes(Router& router);

  const LedgerKeeper& keeper() const { return keeper_; }
  const Limits& limits() const { return limits_; }

  /// A parser that nobody else uses meanwhile; it goes back when the request has been answered.
  using ParserLease = std::shared_ptr<ingest::LineParser>;
  ParserLease lease_parser();

 private:
  Awaitable<void> serve(Connection& connection, ingest::LineKind lines);

  const LedgerKeeper& keeper_;
  const ledger::NumberSeries series_;
  const Limits limits_;
  /// Shared, because a connection that is cut off gives its parser back when all else has ended.
  struct FreeParsers {
    std::mutex mutex;
    std::vector<std::unique_ptr<ingest::LineParser>> list;
  };
  const std::shared_ptr<FreeParsers> free_parsers_ = std::make_shared<FreeParsers>();
};

}  // namespace api
