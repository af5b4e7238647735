// POST /v1/backups and GET /v1/backups/{}: a backup while the service runs, and how far it is.

#include <stdexcept>

#include "api/program/log.h"
#include "api/runtime/ledger_routes.h"
#include "api/v1/request_fields.h"
#include "api/v1/routes.h"
#include "ingest/items/clock.h"
#include "storage/backup/backup.h"
#include "storage/json/json.h"

namespace api {
namespace {

constexpr std::int64_t keep_max = 10'000;

std::string job_name(std::string_view id) { return "backup " + std::string(id); }

/// The work of a job: makes the backup, and gives its manifest.
std::string run_backup(OpenLedger& open, storage::BackupOptions options, const std::string& by,
                       const storage::ReportProgress& report) {
  options.now = ingest::now();
  open.note_act(by, "backup", options.to.string());
  const storage::BackupSource source{
      open.files(),
      [&open] { open.hand_over_state(); },
      [&open](ledger::Position position) {
        const auto error = open.wait_durable(position);
        if (error) throw std::runtime_error(error.message());
      },
  };
  const storage::BackupManifest manifest = storage::back_up(source, options, report);
  if (manifest.verification == storage::BackupManifest::Verification::failed) {
    log(LogLevel::error, "backup_is_bad",
        {{"number", std::to_string(manifest.number)}, {"reason", manifest.reason}});
  }
  if (manifest.verification == storage::BackupManifest::Verification::no_room) {
    log(LogLevel::warning, "backup_is_not_verified",
        {{"number", std::to_string(manifest.number)}, {"reason", manifest.reason}});
  }
  for (const std::string& finding : manifest.findings) {
    log(LogLevel::error, "backup_finding",
        {{"number", std::to_string(manifest.number)}, {"reason", finding}});
  }
  return manifest.to_json();
}

std::string job_json(std::string_view id, const Job& job) {
  storage::Json json = storage::Json::object({{"id", id}});
  switch (job.state) {
    case Job::State::running:
      json.add("state", "running").add("progress", progress_json(job));
      break;
    case Job::State::done:
      json.add("state", "done").add("result", storage::Json::verbatim(job.result));
      break;
    case Job::State::failed:
      json.add("state", "failed").add("error", job.error);
      break;
  }
  return json.text();
}

Response start_backup(const LedgerKeeper& keeper, Jobs& jobs, std::atomic<std::uint64_t>& last_id,
                      OpenLedger& open, const Request& request) {
  if (!keeper.trouble().empty()) {
    return to_response(problem_of(ledger::Errc::store_unavailable), request.correlation_id);
  }
  RequestFields fields(request.body, {"to"}, {"verify", "keep", "privateKeys"});
  storage::BackupOptions options;
  options.to = fields.text("to", "INVALID_FOLDER");
  if (fields.has("verify")) options.is_verified = fields.truth("verify", "INVALID_OPTION");
  if (fields.has("keep")) {
    options.keep = static_cast<std::size_t>(fields.integer("keep", 1, keep_max, "INVALID_OPTION"));
  }
  if (fields.has("privateKeys")) {
    options.has_private_keys = fields.truth("privateKeys", "INVALID_OPTION");
  }
  if (!fields.is_ok()) return to_response(fields.problem(), request.correlation_id);
  const std::string fault = options.to.is_absolute()
                                ? storage::backup_folder_fault(options.to, open.files())
                                : "`to` must be an absolute path.";
  if (!fault.empty()) {
    return to_response({400, "INVALID_FOLDER", fault, "to"}, request.correlation_id);
  }
  const std::string id = std::to_string(++last_id);
  const bool is_started =
      jobs.start(job_name(id),
                 [&open, options, by = request.caller.name](const storage::ReportProgress& report) {
                   return run_backup(open, options, by, report);
                 });
  if (!is_started) {
    return to_response(job_is_running(jobs.running()), request.correlation_id);
  }
  Response response;
  response.status = 202;
  response.headers.emplace_back("Location", "/v1/backups/" + id);
  response.body = job_json(id, Job());
  return response;
}

Response backup_progress(const Jobs& jobs, const Request& request) {
  const auto job = jobs.find(job_name(request.path_parameter));
  if (!job) {
    return to_response({404, "NOT_FOUND", "No such backup.", ""}, request.correlation_id);
  }
  Response response;
  response.body = job_json(request.path_parameter, *job);
  return response;
}

}  // namespace

void add_backup_routes(Router& router, const LedgerKeeper& keeper, Jobs& jobs) {
  // 1, 2, 3 ...: what a backup is known by while the process runs.
  const auto last_id = std::make_shared<std::atomic<std::uint64_t>>(0);
  router.add(
      {.method = "POST",
       .path = "/v1/backups",
       .access = {Role::operations},
       .kind = RouteKind::slow,
       .body_bytes_max = small_body_bytes_max,
       .media_types = {"application/json"},
       .handler = with_ledger(keeper, [&, last_id](OpenLedger& open, const Request& request) {
         return start_backup(keeper, jobs, *last_id, open, request);
       })});
  router.add({.method = "GET",
              .path = "/v1/backups/{}",
              .access = {Role::operations},
              .kind = RouteKind::slow,
              .handler = [&](const Request& request) { return backup_progress(jobs, request); }});
}

}  // namespace api
