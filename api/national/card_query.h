#pragma once

#include "api/http/router.h"
#include "api/runtime/ledger_keeper.h"
#include "api/runtime/national_settings.h"
#include "ledger/values/national_id.h"
#include "storage/keys/query_keys.h"

namespace api {

/// The national card query ("frikortsporring"), as its published documents have it: paths, order of
/// checks, texts on the wire. What they leave open stands in api/national/openapi.yaml.
class CardQuery {
 public:
  /// The keeper must stay.
  CardQuery(const LedgerKeeper& keeper, const NationalSettings& settings,
            ledger::NumberSeries series);

  void add_routes(Router& router);

 private:
  Response answer(OpenLedger& open, const Request& request);
  Response status(OpenLedger& open, const Request& request);
  Response key();

  const LedgerKeeper& keeper_;
  const NationalSettings settings_;
  const ledger::NumberSeries series_;
  storage::QueryKeys keys_;
};

}  // namespace api
