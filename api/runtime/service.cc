#include "api/runtime/service.h"

#include <utility>

#include "api/http/problem.h"
#include "api/runtime/new_year.h"
#include "ingest/writer/clock.h"

namespace api {

Service::Service(storage::LedgerOptions files, ledger::NumberSeries series, Limits limits,
                 std::size_t spinning_threads, ingest::Ingestor::Deliver deliver)
    : series_(series),
      limits_(limits),
      keeper_(std::move(files), std::move(deliver),
              ingest::Ingestor::Options{limits.waiting_items_max, spinning_threads}, jobs_) {
  add_routes();
}

std::string Service::ceiling_warning() const {
  const auto open = keeper_.lease();
  if (!open) return {};
  return api::ceiling_warning(open->files().rules(), ledger::oslo_date(ingest::now()));
}

Response Service::call(PlainHandler handle, const Request& request) {
  return handle(*this, request);
}

Response Service::call(LedgerHandler handle, const Request& request) {
  auto open = keeper_.lease();
  if (!open) {
    return to_response(problem_of(ledger::Errc::store_unavailable), request.correlation_id);
  }
  Response response = handle(*this, *open, request);
  if (response.reflects.value() != 0) response.reflected = std::move(open);
  return response;
}

void Service::add_routes() {
  constexpr std::size_t small_body = 16U << 10;
  using Names = std::vector<std::string_view>;
  const Names lines{"application/x-ndjson"};
  const auto add = [this](std::string_view method, std::string_view path, RouteKind kind,
                          std::size_t body_bytes_max, auto handle, const Names& parameters = {},
                          const Names& media_types = {"application/json"}) {
    router_.add({method, path, kind, body_bytes_max, body_bytes_max == 0 ? Names{} : media_types,
                 parameters,
                 [this, handle](const Request& request) { return call(handle, request); }});
  };
  router_.add({"POST",
               "/v1/registrations",
               RouteKind::submission,
               limits_.ndjson_body_bytes_max,
               {"application/json", "application/x-ndjson"},
               {"atomic", "dryRun", "trustReceivedTime"},
               {}});
  add("POST", "/v1/registrations/lookup", RouteKind::slow, 128U << 10, look_up_registrations);
  add("POST", "/v1/card-status", RouteKind::quick, small_body, card_status);
  add("POST", "/v1/card-status/batch", RouteKind::slow, limits_.card_status_lines_max * 512,
      card_status_batch, {}, lines);
  add("POST", "/v1/persons/account", RouteKind::slow, small_body, person_account);
  add("GET", "/v1/practices/{}/timeliness", RouteKind::slow, 0, practice_timeliness,
      {"from", "to", "basis"});
  add("GET", "/v1/practices/{}/unpaid", RouteKind::slow, 0, unpaid_registrations,
      {"from", "to", "limit", "cursor"});
  add("GET", "/v1/timeliness", RouteKind::slow, 0, national_timeliness, {"from", "to", "basis"});
  add("GET", "/v1/timeliness/practices", RouteKind::slow, 0, practice_ranking,
      {"from", "to", "basis", "sort", "limit"});
  add("GET", "/v1/events", RouteKind::slow, 0, events, {"after", "limit", "wait"});
  add("POST", "/v1/reconciliations", RouteKind::slow, small_body, start_reconciliation);
  add("GET", "/v1/reconciliations", RouteKind::slow, 0, list_reconciliations);
  add("GET", "/v1/reconciliations/{}", RouteKind::slow, 0, reconciliation);
  add("GET", "/v1/reconciliations/{}/file", RouteKind::slow, 0, reconciliation_file,
      {"name", "offset"});
  add("GET", "/v1/status", RouteKind::slow, 0, ledger_status);
  add("POST", "/v1/backups", RouteKind::slow, small_body, start_backup);
  add("GET", "/v1/backups/{}", RouteKind::slow, 0, backup_progress);
  add("GET", "/isalive", RouteKind::quick, 0, is_alive);
  add("GET", "/isready", RouteKind::quick, 0, is_ready);
  add("GET", "/metrics", RouteKind::slow, 0, metrics);
  add("GET", "/version", RouteKind::quick, 0, version);
  add("GET", "/openapi.yaml", RouteKind::quick, 0, openapi);
  add("GET", "/.well-known/jwks.json", RouteKind::quick, 0, key_set);
}

}  // namespace api
