#include "api/service.h"

#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "ingest/clock.h"

namespace api {

Service::Service(storage::Shard& shard, ledger::NumberSeries series, Limits limits,
                 ingest::Ingestor::Deliver deliver)
    : shard_(shard),
      series_(series),
      limits_(limits),
      ingestor_(
          shard.state(), shard.journal(), shard.rules(), shard.are_rules_new(),
          [this](const ingest::Submission& submission, const ingest::ParsedItem& parsed) {
            storage::AccessRecord record;
            record.time = ingest::now();
            record.reason = storage::AccessReason::exemption_check;
            record.person = parsed.item.person;
            record.caller = submission.caller.name;
            record.correlation_id = submission.correlation_id;
            // A full access log does not undo the item; the log says so itself by failing.
            static_cast<void>(shard_.journal().access_log().add(record));
          },
          std::move(deliver), ingest::Ingestor::Options{limits.waiting_items_max}) {
  add_routes();
}

void Service::add_routes() {
  constexpr std::size_t small_body = 16U << 10;
  const auto add = [this](std::string_view method, std::string_view path, RouteKind kind,
                          std::size_t body_bytes_max, Response (*handle)(Service&, const Request&),
                          std::string_view media_type = "application/json") {
    router_.add({method, path, kind, body_bytes_max, media_type,
                 [this, handle](const Request& request) { return handle(*this, request); }});
  };
  router_.add(
      {"POST", "/v1/registrations", RouteKind::submission, limits_.ndjson_body_bytes_max, {}, {}});
  add("POST", "/v1/card-status", RouteKind::quick, small_body, card_status);
  add("POST", "/v1/card-status/batch", RouteKind::slow, limits_.card_status_lines_max * 512,
      card_status_batch, "application/x-ndjson");
  add("POST", "/v1/persons/account", RouteKind::slow, small_body, person_account);
  add("GET", "/v1/practices/{}/timeliness", RouteKind::slow, 0, practice_timeliness);
  add("GET", "/v1/timeliness", RouteKind::slow, 0, national_timeliness);
  add("GET", "/v1/timeliness/practices", RouteKind::slow, 0, practice_ranking);
  add("GET", "/v1/events", RouteKind::slow, 0, events);
  add("POST", "/v1/reconciliations", RouteKind::slow, small_body, start_reconciliation);
  add("GET", "/v1/reconciliations", RouteKind::slow, 0, list_reconciliations);
  add("GET", "/v1/reconciliations/{}", RouteKind::slow, 0, reconciliation);
  add("GET", "/v1/reconciliations/{}/file", RouteKind::slow, 0, reconciliation_file);
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

void Service::hand_over_state() {
  ingestor_.between_groups([this] { shard_.state().begin_hand_over(); });
  const auto handed_over = shard_.state().await_hand_over();
  if (!handed_over) throw std::runtime_error("the state cannot be written to its files");
}

void Service::copy_state(const std::filesystem::path& folder) {
  hand_over_state();
  shard_.state().copy_files(folder);
}

storage::ReconciliationSource Service::reconciliation_source() {
  return {shard_.folder(),
          shard_.journal(),
          shard_.keys().signing,
          shard_.rules(),
          [this](const std::filesystem::path& folder) { copy_state(folder); },
          ingest::now()};
}

boost::system::error_code Service::wait_durable(ledger::Position position) {
  if (is_durable(position)) return {};
  std::mutex mutex;
  std::condition_variable changed;
  bool is_ready = false;
  boost::system::error_code outcome;
  ingestor_.when_durable(ledger::Position{position.value() + 1},
                         [&](boost::system::error_code error) {
                           const std::lock_guard lock(mutex);
                           outcome = error;
                           is_ready = true;
                           changed.notify_one();
                         });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return is_ready; });
  return outcome;
}

ledger::Result<void> Service::note_access(storage::AccessReason reason,
                                          const ledger::EncryptedNumber& person,
                                          const Request& request, std::string subject) {
  storage::AccessRecord record;
  record.time = ingest::now();
  record.reason = reason;
  record.person = person;
  record.caller = request.caller.name;
  record.correlation_id = request.correlation_id;
  record.subject = std::move(subject);
  return shard_.journal().access_log().add(record);
}

}  // namespace api
