#include "api/commands/service.h"

#include <utility>

#include "api/submissions/http_submission.h"
#include "api/v1/routes.h"

namespace api {

Service::Service(storage::LedgerOptions ledger, ledger::NumberSeries series, const Limits& limits,
                 const std::string& issuer, const NationalSettings& national,
                 std::size_t spinning_threads, const Gate& gate, HttpServer& server)
    : server_(server),
      gate_(gate),
      keeper_(std::move(ledger),
              {[&server](auto submissions) { deliver(server, std::move(submissions)); },
               [&server] { server.wake_watching(); }},
              ingest::Ingestor::Options{limits.waiting_items_max, spinning_threads}, jobs_),
      submissions_(keeper_, series, limits),
      cards_(keeper_, {issuer, limits.waiting_cards_max, series}),
      card_query_(keeper_, national, series) {
  submissions_.add_routes(router_);
  add_practice_registration_routes(router_, keeper_);
  add_card_status_routes(router_, keeper_, series, limits.card_status_lines_max);
  add_account_routes(router_, keeper_, series);
  add_access_log_routes(router_, keeper_, series);
  add_dossier_routes(router_, keeper_, series);
  cards_.add_routes(router_);
  card_query_.add_routes(router_);
  add_timeliness_routes(router_, keeper_);
  add_event_routes(router_, keeper_, limits);
  add_reconciliation_routes(router_, keeper_, jobs_);
  add_backup_routes(router_, keeper_, jobs_);
  add_operations_routes(router_, keeper_, gate_, is_draining_);
  add_payout_routes(router_, keeper_);
  add_metrics_route(metrics_router_, keeper_, gate_, Access::anybody());
}

void Service::start(HttpServer* metrics) {
  server_.start(router_, gate_);
  metrics_server_ = metrics;
  if (metrics != nullptr) metrics->start(metrics_router_, open_gate_);
}

void Service::stop() {
  is_draining_ = true;
  server_.stop();
  if (metrics_server_ != nullptr) metrics_server_->stop();
}

}  // namespace api
