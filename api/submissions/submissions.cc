#include "api/submissions/submissions.h"

#include <utility>

#include "api/http/connection.h"
#include "api/http/precedence.h"
#include "api/runtime/asker.h"
#include "api/submissions/http_submission.h"
#include "api/submissions/submission_stream.h"
#include "api/submissions/whole_submission.h"

namespace api {
namespace {

/// Bodies of known length up to this are read whole before anything is parsed.
constexpr std::size_t whole_body_bytes_max = 1U << 20;

/// Reads a query parameter into `value`, if it is there; false when it is neither true nor false.
bool read_flag(const Request& request, std::string_view name, bool& value, Problem& problem) {
  const std::string* const text = request.query_value(name);
  if (text == nullptr) return true;
  if (*text != "true" && *text != "false") {
    problem = {400, "MALFORMED_REQUEST", '`' + std::string(name) + "` must be true or false.",
               std::string(name)};
    return false;
  }
  value = *text == "true";
  return true;
}

}  // namespace

void Submissions::add_routes(Router& router) {
  router.add({.method = "POST",
              .path = "/v1/registrations",
              .access = {Role::practice, Role::operations},
              .body_bytes_max = limits_.ndjson_body_bytes_max,
              .media_types = {"application/json", "application/x-ndjson"},
              .parameters = {"atomic", "dryRun", "trustReceivedTime"},
              .serve = [this](Connection& connection) {
                return serve(connection, ingest::LineKind::items);
              }});
  // The registries send lines only.
  router.add({.method = "POST",
              .path = "/v1/person-events",
              .access = {Role::registry},
              .body_bytes_max = limits_.ndjson_body_bytes_max,
              .media_types = {"application/x-ndjson"},
              .parameters = {"trustReceivedTime"},
              .serve = [this](Connection& connection) {
                return serve(connection, ingest::LineKind::person_events);
              }});
  router.add({.method = "POST",
              .path = "/v1/practice-events",
              .access = {Role::registry},
              .body_bytes_max = limits_.ndjson_body_bytes_max,
              .media_types = {"application/x-ndjson"},
              .parameters = {"trustReceivedTime"},
              .serve = [this](Connection& connection) {
                return serve(connection, ingest::LineKind::practice_events);
              }});
}

Submissions::ParserLease Submissions::lease_parser() {
  std::unique_ptr<ingest::LineParser> parser;
  {
    const std::lock_guard lock(free_parsers_->mutex);
    if (!free_parsers_->list.empty()) {
      parser = std::move(free_parsers_->list.back());
      free_parsers_->list.pop_back();
    }
  }
  if (!parser) parser = std::make_unique<ingest::LineParser>(keeper_.keys().numbers, series_);
  return {parser.release(), [free = free_parsers_](ingest::LineParser* used) {
            const std::lock_guard lock(free->mutex);
            free->list.emplace_back(used);
          }};
}

Awaitable<void> Submissions::serve(Connection& connection, ingest::LineKind lines) {
  const PromptService prompt(connection.lane());
  const Request& request = connection.request();
  SubmissionForm form;
  form.is_json = request.content_type == "application/json";
  Problem problem;
  bool is_trusted = true;
  if (!read_flag(request, "atomic", form.is_atomic, problem) ||
      !read_flag(request, "dryRun", form.is_dry_run, problem) ||
      !read_flag(request, "trustReceivedTime", is_trusted, problem)) {
    co_await connection.refuse(std::move(problem));
    co_return;
  }
  SubmissionRequest submission{
      connection,
      *this,
      lease_parser(),
      lines,
      form,
      {asker_of(request, keeper_.keys().numbers),
       is_trusted && request.caller.roles.has(Role::operations), request.caller.practices}};
  const bool is_small =
      !connection.has_unknown_size() && connection.body_left() <= whole_body_bytes_max;
  // A stream is answered in chunks, which came with HTTP/1.1.
  if (form.is_json || form.is_one_group() || is_small || connection.is_old()) {
    co_await serve_whole_submission(submission);
    co_return;
  }
  if (connection.body_left() > limits_.ndjson_body_bytes_max) {
    connection.close_after_answer();
    problem = Connection::body_is_too_large(limits_.ndjson_body_bytes_max);
    co_await connection.refuse(std::move(problem));
    co_return;
  }
  co_await serve_stream(std::move(submission));
}

}  // namespace api
