#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "api/cards/number_checks.h"
#include "api/http/router.h"
#include "api/runtime/ledger_keeper.h"
#include "ledger/values/national_id.h"

namespace api {

/// `POST /v1/persons/card`: the card in the hand, as a token and a QR code.
///
/// A card costs some 50 ms of a processor the first time. So cards are made on the thread that
/// gives way to all others, and only so many may wait for it: the next is refused with 429.
class Cards {
 public:
  struct Options {
    std::string issuer;  ///< the public address of the service
    std::size_t waiting_max = 0;
    ledger::NumberSeries series = ledger::NumberSeries::production;
  };

  /// The keeper must stay, and this as long as the router is used.
  Cards(const LedgerKeeper& keeper, Options options);

  void add_routes(Router& router);

 private:
  struct Proved;
  class Place;

  Response person_card(OpenLedger& open, const Request& request);
  /// A place among those who wait for their card; null when all are taken.
  std::shared_ptr<Place> take_place();
  /// Token and code, into the body that has the card already.
  void append_proof(std::string& body, const Proved& proved);

  const LedgerKeeper& keeper_;
  const Options options_;
  NumberChecks checks_;
  std::atomic<std::size_t> waiting_{0};
};

}  // namespace api
