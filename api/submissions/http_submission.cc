#include "api/submissions/http_submission.h"

namespace api {

std::unique_ptr<HttpSubmission> make_submission(const SubmissionRequest& request,
                                                std::vector<ingest::ParsedItem> items,
                                                std::size_t first_index) {
  auto submission = std::make_unique<HttpSubmission>();
  submission->lane = &request.connection.lane();
  submission->correlation_id = request.connection.request().correlation_id;
  submission->caller = request.caller;
  submission->first_index = first_index;
  submission->is_atomic = request.form.is_atomic;
  submission->is_dry_run = request.form.is_dry_run;
  submission->items = std::move(items);
  submission->make_room();
  if (!submission->items.empty()) submission->sender = sender_of(submission->items.front());
  return submission;
}

std::string sender_of(const ingest::ParsedItem& first) {
  return first.event ? "registry" : std::string(first.item.practice.view());
}

bool is_overload(error_code error) {
  return error == make_error_code(ledger::Errc::overloaded) ||
         error == make_error_code(ledger::Errc::sender_overloaded);
}

}  // namespace api
