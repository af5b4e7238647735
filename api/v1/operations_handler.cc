// What operators and machines ask: alive, ready, version, status, metrics, keys, the API
// description.

#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>

#include "api/http/http_counters.h"
#include "api/http/problem.h"
#include "api/program/version.h"
#include "api/runtime/key_set.h"
#include "api/runtime/ledger_routes.h"
#include "api/runtime/new_year.h"
#include "api/runtime/status_text.h"
#include "api/v1/openapi_text.h"
#include "api/v1/routes.h"
#include "storage/json/json.h"

namespace api {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using storage::Json;

class Metrics {
 public:
  void counter(const std::string& name, const std::string& help, double value,
               std::vector<ClientMetric::Label> labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = value;
    add(name, help, MetricType::Counter, std::move(metric));
  }
  void gauge(const std::string& name, const std::string& help, double value) {
    ClientMetric metric;
    metric.gauge.value = value;
    add(name, help, MetricType::Gauge, std::move(metric));
  }
  void histogram(const std::string& name, const std::string& help, const HttpCounters& counters) {
    ClientMetric metric;
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < counters.latency.size(); ++i) {
      cumulative += counters.latency[i];
      const bool is_last = i == HttpCounters::latency_bounds_seconds.size();
      metric.histogram.bucket.push_back(
          {cumulative, is_last ? std::numeric_limits<double>::infinity()
                               : HttpCounters::latency_bounds_seconds[i]});
    }
    metric.histogram.sample_count = cumulative;
    metric.histogram.sample_sum = static_cast<double>(counters.latency_sum_us) / 1e6;
    add(name, help, MetricType::Histogram, std::move(metric));
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  void add(const std::string& name, const std::string& help, MetricType type, ClientMetric metric) {
    if (families_.empty() || families_.back().name != name) {
      families_.push_back({name, help, type, {}});
    }
    families_.back().metric.push_back(std::move(metric));
  }
  std::vector<MetricFamily> families_;
};

void add_ingest_metrics(Metrics& metrics, const ingest::IngestFigures& figures) {
  metrics.counter("frikort_commit_groups_total", "Commit groups synced to the journal.",
                  static_cast<double>(figures.groups));
  metrics.counter("frikort_commit_seconds_total", "Time spent sealing and syncing commit groups.",
                  figures.commit_seconds);
  metrics.counter("frikort_items_total", "Items answered, by verdict.",
                  static_cast<double>(figures.accepted), {{"verdict", "accepted"}});
  metrics.counter("frikort_items_total", "", static_cast<double>(figures.duplicate),
                  {{"verdict", "duplicate"}});
  std::uint64_t rejected = 0;
  for (const std::uint64_t count : figures.rejected) rejected += count;
  metrics.counter("frikort_items_total", "", static_cast<double>(rejected),
                  {{"verdict", "rejected"}});
  for (std::size_t code = 0; code < figures.rejected.size(); ++code) {
    if (figures.rejected[code] == 0) continue;
    metrics.counter("frikort_rejections_total", "Items rejected, by code.",
                    static_cast<double>(figures.rejected[code]),
                    {{"code", std::string(name_of(static_cast<ledger::Code>(code)))}});
  }
  metrics.gauge("frikort_waiting_items", "Items in the queue to the writer.",
                static_cast<double>(figures.waiting_items));
}

void add_state_metrics(Metrics& metrics, const storage::AppliedState& head) {
  const storage::StateTotals& totals = head.totals;
  metrics.gauge("frikort_journal_next_position", "Where the next commit group goes.",
                static_cast<double>(head.next_position.value()));
  metrics.gauge("frikort_registrations", "Accepted co-payments.",
                static_cast<double>(totals.registrations));
  metrics.gauge("frikort_persons", "Persons with an accepted co-payment.",
                static_cast<double>(totals.persons));
  metrics.gauge("frikort_cards", "Exemption cards issued.", static_cast<double>(totals.cards));
  metrics.gauge("frikort_counted_ore", "Sum of counted co-payments in oere.",
                static_cast<double>(totals.counted_ore));
  metrics.gauge("frikort_refunded_ore", "Sum of refund lines in oere.",
                static_cast<double>(totals.refunded_ore));
  for (std::size_t type = 1; type < totals.events.size(); ++type) {
    metrics.counter("frikort_events_total", "Events of the derived state, by type.",
                    static_cast<double>(totals.events[type]),
                    {{"type", std::string(name_of(static_cast<ledger::EventType>(type)))}});
  }
}

void add_http_metrics(Metrics& metrics, const HttpCounters& counters) {
  metrics.gauge("frikort_http_open_connections", "Open connections.",
                static_cast<double>(counters.connections));
  metrics.counter("frikort_http_connections_total", "Connections accepted.",
                  static_cast<double>(counters.connections_total));
  metrics.counter("frikort_http_refused_connections_total",
                  "Connections refused because too many were open.",
                  static_cast<double>(counters.refused_connections_total));
  metrics.counter("frikort_tls_failed_handshakes_total", "Connections that never agreed on keys.",
                  static_cast<double>(counters.failed_handshakes_total));
  metrics.counter("frikort_access_refused_total", "Requests refused for who sent them, by status.",
                  static_cast<double>(counters.unauthenticated_total), {{"status", "401"}});
  metrics.counter("frikort_access_refused_total", "", static_cast<double>(counters.forbidden_total),
                  {{"status", "403"}});
  metrics.counter("frikort_access_refused_total", "", static_cast<double>(counters.limited_total),
                  {{"status", "429"}});
  metrics.gauge("frikort_http_held_bytes", "Bodies and answers in memory.",
                static_cast<double>(counters.held_bytes));
  metrics.gauge("frikort_http_waiting_polls", "Requests that wait for events.",
                static_cast<double>(counters.waiting_polls));
  for (std::size_t status = 2; status < counters.responses_by_class.size(); ++status) {
    metrics.counter("frikort_http_responses_total", "Responses, by status class.",
                    static_cast<double>(counters.responses_by_class[status]),
                    {{"status", fmt::format("{}xx", status)}});
  }
  metrics.histogram("frikort_http_request_seconds",
                    "From the whole request head to the answer, without waiting for events.",
                    counters);
}

void add_fault_metrics(Metrics& metrics, const LedgerKeeper& keeper) {
  metrics.gauge("frikort_writes_refused", "1 while a fault keeps items from being taken.",
                keeper.trouble().empty() ? 0 : 1);
  metrics.counter("frikort_recoveries_total", "Times that the service went on after a fault.",
                  static_cast<double>(keeper.recoveries()));
}

Response is_alive(const Request&) {
  Response response;
  response.body = R"({"alive":true})";
  return response;
}

Response is_ready(const LedgerKeeper& keeper, const Gate& gate, bool is_draining,
                  const Request& request) {
  const std::string reason = is_draining ? "the service is stopping" : keeper.trouble();
  if (!reason.empty()) return to_response({503, "NOT_READY", reason, ""}, request.correlation_id);
  Response response;
  Json json = Json::object({{"ready", true}});
  Json warnings = Json::array();
  const std::string warning = ceiling_warning(keeper);
  if (!warning.empty()) warnings.add(warning);
  const std::vector<std::string> troubles = gate.troubles();
  for (const std::string& trouble : troubles) warnings.add("issuer " + trouble);
  if (!warning.empty() || !troubles.empty()) json.add("warnings", warnings);
  response.body = json.text();
  return response;
}

Response metrics(const LedgerKeeper& keeper, const Gate& gate) {
  Metrics metrics;
  Response response;
  auto open = keeper.lease();
  add_ingest_metrics(metrics, keeper.figures());
  add_fault_metrics(metrics, keeper);
  metrics.gauge("frikort_ceiling_missing",
                "1 while this year, or from 1 December on the next, has no ceiling.",
                ceiling_warning(keeper).empty() ? 0 : 1);
  if (open) add_state_metrics(metrics, open->files().state().head());
  add_http_metrics(metrics, http_counters());
  metrics.gauge("frikort_issuers_in_trouble", "Issuers whose keys are not there or not new.",
                static_cast<double>(gate.troubles().size()));
  response.content_type = "text/plain; version=0.0.4";
  response.body = metrics.text();
  if (open) {
    response.reflects = open->files().state().begun();
    wait_for_journal(response, std::move(open));
  }
  return response;
}

Response version(const Request&) {
  Response response;
  response.body =
      Json::object({{"name", "frikort"}, {"version", program_version}, {"commit", program_commit}})
          .text();
  return response;
}

Response openapi(const Request&) {
  Response response;
  response.content_type = "application/yaml";
  response.constant_body = openapi_text;
  return response;
}

Response key_set(OpenLedger& open, const Request&) {
  Response response;
  response.body = Json::object({{"keys", key_set_json(open.files().public_keys())}}).text();
  return response;
}

Response ledger_status(OpenLedger& open, const Request&) {
  Response response;
  const storage::AppliedState head = open.files().state().head();
  response.body = status_json(open.files().state(), head);
  response.reflects = head.last();
  return response;
}

}  // namespace

void add_metrics_route(Router& router, const LedgerKeeper& keeper, const Gate& gate,
                       Access access) {
  router.add({.method = "GET",
              .path = "/metrics",
              .access = access,
              .kind = RouteKind::slow,
              .handler = [&](const Request&) { return metrics(keeper, gate); }});
}

void add_operations_routes(Router& router, const LedgerKeeper& keeper, const Gate& gate,
                           const std::atomic<bool>& is_draining) {
  const auto add_open = [&router](std::string_view path, Handler handler) {
    router.add({.method = "GET",
                .path = path,
                .access = Access::anybody(),
                .handler = std::move(handler)});
  };
  add_open("/isalive", is_alive);
  add_open("/isready",
           [&](const Request& request) { return is_ready(keeper, gate, is_draining, request); });
  add_open("/version", version);
  add_open("/openapi.yaml", openapi);
  add_open("/.well-known/jwks.json", with_ledger(keeper, key_set));
  add_metrics_route(router, keeper, gate, {Role::operations});
  router.add({.method = "GET",
              .path = "/v1/status",
              .access = {Role::operations},
              .kind = RouteKind::slow,
              .handler = with_ledger(keeper, ledger_status)});
}

}  // namespace api
