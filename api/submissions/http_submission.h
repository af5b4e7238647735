#pragma once

#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "api/http/connection.h"
#include "api/http/http_server.h"
#include "api/runtime/ledger_keeper.h"
#include "api/submissions/submissions.h"
#include "ingest/writer/submission.h"

namespace api {

using SubmissionPtr = std::unique_ptr<ingest::Submission>;

/// A request whose first items are committed may not be refused any more. When it finds the queue
/// full, it tries again after this.
inline constexpr std::chrono::milliseconds queue_full_pause{5};

/// A submission that knows which connection waits for it.
struct HttpSubmission final : ingest::Submission {
  Lane* lane = nullptr;
  std::function<void(SubmissionPtr)> handler;
};

/// How a request wants its items to be read and answered.
struct SubmissionForm {
  bool is_json = false;     ///< an item or an array; else an item a line
  bool is_atomic = false;   ///< all items or none
  bool is_dry_run = false;  ///< answered as if they were committed

  /// Its items are decided together.
  bool is_one_group() const { return is_atomic || is_dry_run; }
};

/// A request with items or events, while it is served.
struct SubmissionRequest {
  Connection& connection;
  Submissions& service;
  Submissions::ParserLease parser;
  ingest::LineKind lines;
  SubmissionForm form;
  ingest::Caller caller;

  ingest::ParsedItem parse(std::string_view text, ledger::Instant received) const {
    return parser->parse(lines, text, caller, received);
  }
};

/// Some of the items of the request; `first_index` is the place of the first of them in it.
std::unique_ptr<HttpSubmission> make_submission(const SubmissionRequest& request,
                                                std::vector<ingest::ParsedItem> items,
                                                std::size_t first_index);

bool is_overload(error_code error);

/// Completes with the delivered submission, or with the same one and an error when it was not
/// taken.
template <class CompletionToken>
auto async_submit(const LedgerKeeper& keeper, std::unique_ptr<HttpSubmission> submission,
                  CompletionToken&& token) {
  return asio::async_initiate<CompletionToken, void(SubmissionPtr)>(
      [&keeper](auto handler, std::unique_ptr<HttpSubmission> taken) {
        // Shared because std::function wants to be copied, which a coroutine's handler cannot be.
        taken->handler = [shared = std::make_shared<decltype(handler)>(std::move(handler))](
                             SubmissionPtr reply) { std::move (*shared)(std::move(reply)); };
        asio::io_context& context = taken->lane->context;
        SubmissionPtr base = std::move(taken);
        const auto submitted = keeper.submit(base);
        if (submitted) return;
        base->error = submitted.error();
        auto& refused = static_cast<HttpSubmission&>(*base);
        asio::post(context, [complete = std::move(refused.handler),
                             given = std::move(base)]() mutable { complete(std::move(given)); });
      },
      token, std::move(submission));
}

/// Hands committed submissions to the connections that wait for them: one wake-up for each network
/// thread and group, however many connections wait.
void deliver(HttpServer& server, std::vector<SubmissionPtr> submissions);

}  // namespace api
