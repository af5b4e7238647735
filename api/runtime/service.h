#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/http/router.h"
#include "api/runtime/jobs.h"
#include "api/runtime/ledger_keeper.h"
#include "api/runtime/open_ledger.h"

namespace api {

/// The limits of the service; all can be configured.
struct Limits {
  std::size_t json_body_bytes_max = 8U << 20;
  std::size_t ndjson_body_bytes_max = 256U << 20;
  std::size_t body_items_max = 100'000;  ///< of a body that is not streamed
  std::size_t header_bytes_max = 16U << 10;
  std::size_t connections_max = 10'000;
  std::size_t card_status_lines_max = 10'000;
  std::size_t waiting_bytes_max = 128U << 20;       ///< bodies and answers, of all connections
  std::size_t unread_result_bytes_max = 32U << 20;  ///< of a stream whose client sends first
  std::size_t waiting_items_max = 64U << 10;
  std::size_t waiting_polls_max = 1000;    ///< requests that wait for events
  std::chrono::seconds idle_timeout{30};   ///< for the next request head
  std::chrono::seconds slow_timeout{30};   ///< between two pieces of a body or an answer
  std::chrono::seconds poll_timeout{60};   ///< the longest wait for events
  std::chrono::seconds drain_timeout{20};  ///< for open requests when the service stops

  /// Items of a request that are submitted together, unless they are atomic: at most half of the
  /// queue to the writer, so that one request comes through however small the queue is.
  std::size_t submission_items_max() const {
    return std::clamp(waiting_items_max / 2, std::size_t{1}, ingest::group_items_max);
  }
};

/// The ledger as the outside sees it: the open ledger, background work, and the handlers of all
/// endpoints but the streamed one.
class Service {
 public:
  /// Opens the ledger; throws what LedgerKeeper throws.
  Service(storage::LedgerOptions files, ledger::NumberSeries series, Limits limits,
          std::size_t spinning_threads, ingest::Ingestor::Deliver deliver);

  const Router& router() const { return router_; }
  const Limits& limits() const { return limits_; }
  const LedgerKeeper& keeper() const { return keeper_; }
  ledger::NumberSeries series() const { return series_; }
  Jobs& jobs() { return jobs_; }
  /// 1, 2, 3 ...: what a backup is known by while the process runs.
  std::uint64_t next_backup_id() { return ++backups_; }

  /// What is missing for the new year; see new_year.h. Empty also while the ledger is closed.
  std::string ceiling_warning() const;

  /// From now on /isready says no.
  void start_draining() { is_draining_ = true; }
  bool is_draining() const { return is_draining_; }

 private:
  using PlainHandler = Response (*)(Service&, const Request&);
  using LedgerHandler = Response (*)(Service&, OpenLedger&, const Request&);

  void add_routes();
  Response call(PlainHandler handle, const Request& request);
  /// 503 while the ledger is closed.
  Response call(LedgerHandler handle, const Request& request);

  const ledger::NumberSeries series_;
  const Limits limits_;
  std::atomic<bool> is_draining_{false};
  std::atomic<std::uint64_t> backups_{0};
  Router router_;
  Jobs jobs_;
  LedgerKeeper keeper_;  // last: what it closes is used by the others
};

// One function for each endpoint, grouped by file; `Service::add_routes` is the table.
Response card_status(Service& service, OpenLedger& open, const Request& request);
Response card_status_batch(Service& service, OpenLedger& open, const Request& request);
Response person_account(Service& service, OpenLedger& open, const Request& request);
Response look_up_registrations(Service& service, OpenLedger& open, const Request& request);
Response unpaid_registrations(Service& service, OpenLedger& open, const Request& request);
Response practice_timeliness(Service& service, OpenLedger& open, const Request& request);
Response national_timeliness(Service& service, OpenLedger& open, const Request& request);
Response practice_ranking(Service& service, OpenLedger& open, const Request& request);
Response events(Service& service, OpenLedger& open, const Request& request);
Response is_alive(Service& service, const Request& request);
Response is_ready(Service& service, const Request& request);
Response metrics(Service& service, const Request& request);
Response version(Service& service, const Request& request);
Response openapi(Service& service, const Request& request);
Response key_set(Service& service, const Request& request);
Response start_reconciliation(Service& service, OpenLedger& open, const Request& request);
Response list_reconciliations(Service& service, OpenLedger& open, const Request& request);
Response reconciliation(Service& service, OpenLedger& open, const Request& request);
Response reconciliation_file(Service& service, OpenLedger& open, const Request& request);
Response ledger_status(Service& service, OpenLedger& open, const Request& request);
Response start_backup(Service& service, OpenLedger& open, const Request& request);
Response backup_progress(Service& service, const Request& request);

}  // namespace api
