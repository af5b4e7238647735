#include "api/submissions/http_submission.h"

#include <span>
#include <utility>

#include "ledger/values/assert.h"

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

bool is_overload(error_code error) {
  return error == make_error_code(ledger::Errc::overloaded) ||
         error == make_error_code(ledger::Errc::sender_overloaded);
}

void deliver(HttpServer& server, std::vector<SubmissionPtr> submissions) {
  const std::span<Lane> lanes = server.lanes();
  std::vector<std::vector<SubmissionPtr>> by_lane(lanes.size());
  for (SubmissionPtr& submission : submissions) {
    const Lane* const lane = static_cast<HttpSubmission&>(*submission).lane;
    LEDGER_ASSERT(lane != nullptr);
    by_lane[static_cast<std::size_t>(lane - lanes.data())].push_back(std::move(submission));
  }
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (by_lane[i].empty()) continue;
    asio::post(lanes[i].context, [delivered = std::move(by_lane[i])]() mutable {
      for (SubmissionPtr& submission : delivered) {
        auto complete = std::move(static_cast<HttpSubmission&>(*submission).handler);
        complete(std::move(submission));
      }
    });
  }
}

}  // namespace api
