// /v1/reconciliations: a year recomputed and compared in the background, and its statements.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "api/http/problem.h"
#include "api/program/log.h"
#include "api/runtime/ledger_routes.h"
#include "api/v1/request_fields.h"
#include "api/v1/routes.h"
#include "ingest/items/clock.h"
#include "storage/closing/closing.h"
#include "storage/closing/payouts.h"
#include "storage/closing/statement_files.h"
#include "storage/closing/statement_series.h"
#include "storage/files/files.h"
#include "storage/files/lines.h"
#include "storage/json/json.h"

namespace api {
namespace {

namespace fs = std::filesystem;
using storage::Json;

/// Bytes of a file that one answer brings, unless a single row is longer.
constexpr std::size_t piece_bytes_max = 4U << 20;

constexpr std::string_view refund_file = "refund_file.ndjson";

/// `2025-1`, or `2025-dry`: what a statement is called.
struct StatementId {
  int year = 0;
  std::uint64_t number = 0;  ///< 0: the dry run

  bool is_dry_run() const { return number == 0; }
  std::string text() const {
    return is_dry_run() ? fmt::format("{}-dry", year) : fmt::format("{}-{}", year, number);
  }
};

bool parse_id(std::string_view text, StatementId& id) {
  const char* const end = text.data() + text.size();
  const auto year = std::from_chars(text.data(), end, id.year);
  if (year.ec != std::errc() || year.ptr == end || *year.ptr != '-') return false;
  const std::string_view rest(year.ptr + 1, static_cast<std::size_t>(end - year.ptr - 1));
  if (rest == "dry") return true;
  const auto number = std::from_chars(rest.data(), end, id.number);
  return number.ec == std::errc() && number.ptr == end && id.number != 0;
}

bool parse_offset(std::string_view text, std::uint64_t& offset) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), offset);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

std::string job_name(const StatementId& id) { return "reconciliation " + id.text(); }

fs::path folder_of(OpenLedger& open, const StatementId& id) {
  return open.files().folder() / "statements" / id.text();
}

Response not_found(const Request& request) {
  return to_response({404, "NOT_FOUND", "There is no such reconciliation.", ""},
                     request.correlation_id);
}

/// Without the line end.
Json read_json(const fs::path& path) {
  std::string text = storage::read_file(path);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return Json::verbatim(std::move(text));
}

Response damaged(const StatementId& id, std::string_view fault, const Request& request) {
  log(LogLevel::error, "statement_damaged",
      {{"statement", id.text()}, {"reason", std::string(fault)}});
  return to_response(
      {500, "DAMAGED_STATEMENT", storage::statement_fault_text(id.text(), fault) + '.', ""},
      request.correlation_id);
}

std::string make_statement(OpenLedger& open, const StatementId& id, const std::string& by,
                           const storage::ReportProgress& report) {
  if (!id.is_dry_run()) open.note_act(by, "reconcile", std::to_string(id.year));
  const storage::MadeStatement made =
      storage::reconcile(open.reconciliation_source(id.year), id.year, id.is_dry_run(), report);
  if (!id.is_dry_run()) return "";  // read from its folder when it is asked for
  std::string statement = read_json(made.folder / "statement.json").text();
  fs::remove_all(made.folder.parent_path());
  return statement;
}

Json state_json(const StatementId& id, std::string_view state) {
  return Json::object(
      {{"id", id.text()}, {"year", id.year}, {"number", id.number}, {"state", state}});
}

Response start_reconciliation(const LedgerKeeper& keeper, Jobs& jobs, OpenLedger& open,
                              const Request& request) {
  if (!keeper.trouble().empty()) {
    return to_response(problem_of(ledger::Errc::store_unavailable), request.correlation_id);
  }
  RequestFields fields(request.body, {"year"}, {"dryRun", "early"});
  StatementId id;
  id.year = static_cast<int>(fields.integer("year", 1900, 9999, "INVALID_YEAR"));
  const bool is_dry_run = fields.has("dryRun") && fields.truth("dryRun", "INVALID_DRY_RUN");
  const bool is_early = fields.has("early") && fields.truth("early", "INVALID_EARLY");
  if (!fields.is_ok()) return to_response(fields.problem(), request.correlation_id);
  const auto refusal = is_dry_run
                           ? storage::dry_run_refusal(open.files(), id.year)
                           : storage::closing_refusal(open.files(), id.year,
                                                      ledger::oslo_date(ingest::now()), is_early);
  if (refusal) {
    return to_response({400, refusal->code, refusal->reason, "year"}, request.correlation_id);
  }
  if (!is_dry_run) {
    id.number = open.files().state().statements(id.year).size() + 1;
  }
  const bool is_started = jobs.start(
      job_name(id), [&open, id, by = request.caller.name](const storage::ReportProgress& report) {
        return make_statement(open, id, by, report);
      });
  if (!is_started) {
    return to_response(job_is_running(jobs.running()), request.correlation_id);
  }
  Response response;
  response.status = 202;
  response.headers.emplace_back("Location", "/v1/reconciliations/" + id.text());
  response.body = state_json(id, "running").text();
  return response;
}

Response list_reconciliations(OpenLedger& open, const Request&) {
  Json kept = Json::array();
  const fs::path statements = open.files().folder() / "statements";
  for (const auto& [year, ceiling] : open.files().rules().ceilings()) {
    for (const auto& [number, folder] : storage::statements_of(statements, year)) {
      kept.add(state_json({year, number}, "done"));
    }
  }
  Response response;
  response.body = Json::object({{"reconciliations", kept}}).text();
  return response;
}

Response reconciliation(const Jobs& jobs, OpenLedger& open, const Request& request) {
  StatementId id;
  if (!parse_id(request.path_parameter, id)) return not_found(request);
  const std::optional<Job> job = jobs.find(job_name(id));
  const fs::path folder = folder_of(open, id);
  Json json;
  if (job && job->state == Job::State::running) {
    json = state_json(id, "running").add("progress", progress_json(*job));
  } else if (const auto entry = storage::find_statement(open.files(), id.year, id.number);
             entry && fs::exists(folder)) {
    for (const std::string_view name : {"statement.json", "manifest.sig"}) {
      const std::string fault =
          storage::statement_fault(folder, *entry, open.files().public_keys(), name);
      if (!fault.empty()) return damaged(id, fault, request);
    }
    json = state_json(id, "done")
               .add("statement", read_json(folder / "statement.json"))
               .add("manifest", read_json(folder / "manifest.json"))
               .add("signature", read_json(folder / "manifest.sig"));
  } else if (job && job->state == Job::State::failed) {
    json = state_json(id, "failed").add("error", job->error);
  } else if (job) {
    json = state_json(id, "done").add("statement", Json::verbatim(job->result));
  } else if (fs::exists(
                 storage::reconciliation_work(open.files().folder(), id.year, id.is_dry_run()))) {
    json = state_json(id, "interrupted")
               .add("error", "it was interrupted; start it again, it will continue");
  } else {
    return not_found(request);
  }
  Response response;
  response.body = json.text();
  return response;
}

Response reconciliation_file(storage::StatementReader& reader, OpenLedger& open,
                             const Request& request) {
  StatementId id;
  const std::string* const name = request.query_value("name");
  const bool has_numbers = name != nullptr && *name == refund_file;
  // Operators learn nothing about a person, and who pays refunds nothing else of a statement.
  if (name != nullptr && !request.caller.roles.has(has_numbers ? Role::payout : Role::operations)) {
    return to_response(not_for_the_caller("file of another role"), request.correlation_id);
  }
  if (!parse_id(request.path_parameter, id) || id.is_dry_run()) return not_found(request);
  const fs::path folder = folder_of(open, id);
  const auto entry = storage::find_statement(open.files(), id.year, id.number);
  if (!entry || !fs::exists(folder)) return not_found(request);
  const std::string stored = has_numbers ? "payouts.ndjson" : (name == nullptr ? "" : *name);
  std::string fault = storage::statement_fault(folder, *entry, {}, "manifest.json");
  if (!fault.empty()) return damaged(id, fault, request);
  // A name from the manifest, never a path from outside.
  const std::vector<std::string> names = storage::files_of_statement(folder);
  if (std::find(names.begin(), names.end(), stored) == names.end()) {
    return to_response({404, "NOT_FOUND", "The statement has no file of that name.", "name"},
                       request.correlation_id);
  }
  fault = reader.fault(folder, *entry, open.files().public_keys(), stored);
  if (!fault.empty()) return damaged(id, fault, request);
  std::uint64_t offset = 0;
  std::optional<std::string> piece;
  const std::string* const text = request.query_value("offset");
  const bool is_number = text == nullptr || parse_offset(*text, offset);
  // In whole rows, so that each piece can be read for itself. A row that is longer is of one
  // account, which is in memory when a question is answered too.
  if (is_number) piece = storage::read_lines(folder / stored, offset, piece_bytes_max);
  if (!piece) {
    return to_response(
        {400, "INVALID_OFFSET", "`offset` must be the Next-Offset of the piece before.", "offset"},
        request.correlation_id);
  }
  Response response;
  if (const std::uint64_t end = offset + piece->size(); end < fs::file_size(folder / stored)) {
    response.headers.emplace_back("Next-Offset", std::to_string(end));
  }
  response.content_type = stored.ends_with(".ndjson") ? "application/x-ndjson"
                          : stored.ends_with(".csv")  ? "text/csv"
                                                      : "application/json";
  if (!has_numbers) {
    response.body = std::move(*piece);
    return response;
  }
  auto rows = storage::refund_rows(
      *piece, open.files().state(), open.files().keys().numbers,
      [&](const ledger::EncryptedNumber& number) {
        return open.note_access(
            storage::AccessRecord::of_person(storage::AccessWhat::number, number), request);
      });
  if (!rows) return to_response(problem_of(rows.error()), request.correlation_id);
  // A person's numbers change after the statement.
  response.reflects = open.files().state().begun();
  response.body = std::move(rows.value());
  return response;
}

}  // namespace

void add_reconciliation_routes(Router& router, const LedgerKeeper& keeper, Jobs& jobs) {
  const auto reader = std::make_shared<storage::StatementReader>();
  router.add({.method = "POST",
              .path = "/v1/reconciliations",
              .access = {Role::operations},
              .kind = RouteKind::slow,
              .body_bytes_max = small_body_bytes_max,
              .media_types = {"application/json"},
              .handler = with_ledger(keeper, [&](OpenLedger& open, const Request& request) {
                return start_reconciliation(keeper, jobs, open, request);
              })});
  router.add({.method = "GET",
              .path = "/v1/reconciliations",
              .access = {Role::operations},
              .kind = RouteKind::slow,
              .handler = with_ledger(keeper, list_reconciliations)});
  router.add({.method = "GET",
              .path = "/v1/reconciliations/{}",
              .access = {Role::operations},
              .kind = RouteKind::slow,
              .handler = with_ledger(keeper, [&](OpenLedger& open, const Request& request) {
                return reconciliation(jobs, open, request);
              })});
  router.add({.method = "GET",
              .path = "/v1/reconciliations/{}/file",
              .access = {Role::operations, Role::payout},
              .kind = RouteKind::slow,
              .parameters = {"name", "offset"},
              .handler = with_ledger(keeper, [reader](OpenLedger& open, const Request& request) {
                return reconciliation_file(*reader, open, request);
              })});
}

}  // namespace api
