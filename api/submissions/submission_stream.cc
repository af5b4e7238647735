#include "api/submissions/submission_stream.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/write.hpp>
#include <deque>
#include <optional>
#include <utility>

#include "api/program/log.h"
#include "ingest/items/clock.h"
#include "ingest/items/json_text.h"
#include "ingest/writer/result_text.h"

namespace api {
namespace {

namespace http = boost::beast::http;

/// When so many bytes of results wait, the stream reads nothing while the client takes some of
/// them.
constexpr std::size_t waiting_result_bytes_max = 2U << 20;
/// A client that takes nothing for this long sends all before it reads. Reading goes on, and its
/// results are kept aside (`unread_result_bytes_max`).
constexpr auto sends_first_after = std::chrono::milliseconds{250};
/// Without room to keep more results, a client that takes nothing for this long gets a problem
/// line.
constexpr auto unread_patience = std::chrono::seconds{2};
/// Results that come in small pieces leave together up to this.
constexpr std::size_t joined_bytes_max = 64U << 10;

/// read() reads lines and keeps one or two submissions on the way; finish_submission() takes the
/// results of one and sends the next; write() sends what there is. All on one thread; each waits on
/// the connection's changed() for the others. Its time is set only while read() waits for the
/// client: setting it wakes whoever waits, for nothing.
///
/// Nobody waits for ever: read() waits for the client to take results only while it takes some, or
/// for `unread_patience`; after a problem line what still comes is read away, so that a client that
/// sends first comes to its answer.
class SubmissionStream : public std::enable_shared_from_this<SubmissionStream> {
 public:
  explicit SubmissionStream(SubmissionRequest request)
      : kept_(request.connection.shared_from_this()),
        request_(std::move(request)),
        connection_(request_.connection),
        keeper_(request_.service.keeper()),
        limits_(request_.service.limits()),
        group_items_max_(limits_.submission_items_max()) {}

  Awaitable<void> serve();

 private:
  Awaitable<void> read();
  Awaitable<void> read_piece();
  Awaitable<void> wait_for_others();
  bool must_wait_for_client();
  Awaitable<void> wait_for_client();
  Awaitable<void> discard_rest();
  bool skip_byte_order_mark();
  void take_lines();
  void submit_next();
  bool pay_for(std::uint64_t end_index);
  void finish_submission(SubmissionPtr submission);
  void add_results(std::string text);
  void fail(Problem problem);
  void hold();
  static Awaitable<void> run_writer(std::shared_ptr<SubmissionStream> stream);
  Awaitable<void> write();
  Awaitable<void> write_head();
  Awaitable<void> write_chunk(std::string bytes);

  const std::shared_ptr<Connection> kept_;  // as long as results are on the way
  const SubmissionRequest request_;
  Connection& connection_;
  const LedgerKeeper& keeper_;
  const Limits& limits_;
  const std::size_t group_items_max_;  // lines that are submitted together

  std::size_t piece_ = first_piece_bytes;  // to be read next
  std::string unread_;                     // bytes that are not a whole line yet
  bool is_begun_ = false;                  // what may stand before the first line is skipped
  bool is_at_end_ = false;                 // of the body
  bool has_lines_ = false;                 // `unread_` has whole lines
  bool is_skipping_ = false;               // within a line that is too long
  std::uint64_t bytes_ = 0;
  std::uint64_t next_index_ = 0;
  std::uint64_t paid_items_ = 0;            // that the rates have let in
  std::vector<ingest::ParsedItem> parsed_;  // not submitted yet
  std::string sender_;                      // of all its submissions, so that they keep their order
  std::size_t in_flight_ = 0;               // submissions
  bool is_queue_full_ = false;
  bool is_read_ = false;     // read() has ended
  bool is_writing_ = false;  // the head of the answer has been sent
  bool is_broken_ = false;   // the client cannot be written to
  bool is_written_ = false;  // run_writer() has ended
  bool is_discarding_ = false;
  std::deque<std::string> results_;  // to be written
  std::size_t result_bytes_ = 0;     // of these, and of what is being written
  std::optional<Problem> problem_;
};

Awaitable<void> SubmissionStream::serve() {
  connection_.changed().expires_at(Clock::time_point::max());
  asio::co_spawn(connection_.lane().context, run_writer(shared_from_this()), asio::detached);
  try {
    co_await read();
  } catch (...) {
    // Nothing else wakes the writer any more.
    is_broken_ = true;
    connection_.wake();
    throw;
  }
  is_read_ = true;
  connection_.wake();
  const bool is_answered = is_writing_ || !results_.empty();
  if (problem_ && is_answered) co_await discard_rest();
  while (!is_written_) {
    co_await connection_.changed().async_wait(awaited);
  }
  if (is_broken_ && connection_.is_timed_out()) {
    log(LogLevel::warning, "stream_cut",
        {{"reason", "the client took nothing of its results in time"},
         {"correlationId", connection_.request().correlation_id}});
  }
  if (problem_ || is_broken_) connection_.close_after_answer();
  const bool is_refused = problem_ && !is_writing_;
  if (is_refused) {
    Problem problem = *problem_;
    co_await connection_.refuse(std::move(problem));
  }
}

// ---- reading ----

Awaitable<void> SubmissionStream::read() {
  while (!is_broken_ && !problem_) {
    const bool is_full = parsed_.size() >= group_items_max_;
    const bool has_work = has_lines_ || !parsed_.empty() || in_flight_ != 0;
    if (is_at_end_ && !has_work) break;
    if (must_wait_for_client()) {
      co_await wait_for_client();
    } else if (problem_) {
      break;
    } else if (has_lines_ && !is_full) {
      take_lines();
      submit_next();
    } else if (is_at_end_ || is_full) {
      co_await wait_for_others();
      submit_next();
    } else {
      co_await read_piece();
      submit_next();
      hold();
      if (connection_.is_memory_full() && !is_at_end_) fail(Connection::memory_is_full());
    }
  }
  // Lines on the way still get their answer.
  while (in_flight_ != 0) {
    co_await connection_.changed().async_wait(awaited);
  }
}

/// The queue is asked again after a pause; everything else wakes us. A disk that stands still is no
/// fault of the client: no time runs until finish_submission().
Awaitable<void> SubmissionStream::wait_for_others() {
  connection_.allow_any_time();
  if (is_queue_full_) {
    Timer pause(connection_.lane().context, queue_full_pause);
    co_await pause.async_wait(awaited);
  } else {
    co_await connection_.changed().async_wait(awaited);
  }
}

/// Whether to read and submit no more for now, because so much is to be written. Fails when the
/// client leaves its results where they are and there is no more room for them.
bool SubmissionStream::must_wait_for_client() {
  if (problem_ || result_bytes_ <= waiting_result_bytes_max) return false;
  const Limits& limits = limits_;
  const bool is_too_much = result_bytes_ > limits.unread_result_bytes_max;
  // Half of the memory stays for those who read.
  const bool is_crowded = http_counters().held_bytes > limits.waiting_bytes_max / 2;
  if (!is_too_much && !is_crowded) return !connection_.has_not_read_for(sends_first_after);
  if (!connection_.has_not_read_for(unread_patience)) return true;
  if (is_too_much) {
    fail({413, "TOO_LARGE",
          "More than " + std::to_string(limits.unread_result_bytes_max) +
              " bytes of results wait; read them while you send, or split the request.",
          ""});
  } else {
    fail(Connection::memory_is_full());
  }
  log(LogLevel::warning, "results_not_read",
      {{"bytes", std::to_string(result_bytes_)},
       {"correlationId", connection_.request().correlation_id}});
  return false;
}

Awaitable<void> SubmissionStream::wait_for_client() {
  connection_.changed().expires_after(sends_first_after);
  co_await connection_.changed().async_wait(awaited);
  connection_.changed().expires_at(Clock::time_point::max());
  if (connection_.is_timed_out()) is_broken_ = true;
}

/// Until the answer has been taken, or the client has sent as much as a body may have.
Awaitable<void> SubmissionStream::discard_rest() {
  is_discarding_ = true;
  std::string piece(piece_bytes, '\0');
  const std::uint64_t bytes_max = limits_.ndjson_body_bytes_max;
  std::uint64_t bytes = 0;
  while (!is_written_ && !is_broken_ && bytes <= bytes_max && connection_.has_sent_body_left() &&
         !connection_.is_body_broken()) {
    bytes += co_await connection_.read_sent(piece.data(), piece.size());
  }
}

Awaitable<void> SubmissionStream::read_piece() {
  const std::size_t filled = unread_.size();
  unread_.reserve(filled + piece_ + ingest::ItemParser::padding_bytes);
  unread_.resize(filled + piece_);
  const std::size_t got = co_await connection_.read_some(unread_.data() + filled, piece_);
  unread_.resize(filled + got);
  piece_ = std::clamp(4 * got, first_piece_bytes, piece_bytes);
  bytes_ += got;
  if (connection_.is_body_broken()) {
    fail(connection_.body_problem());
    co_return;
  }
  const std::size_t bytes_max = limits_.ndjson_body_bytes_max;
  if (bytes_ > bytes_max) {
    fail(Connection::body_is_too_large(bytes_max));
    co_return;
  }
  is_at_end_ = got == 0;
  if (!skip_byte_order_mark()) co_return;
  if (is_at_end_ && !unread_.empty()) unread_ += '\n';
  take_lines();
}

/// False while it could still be coming.
bool SubmissionStream::skip_byte_order_mark() {
  if (is_begun_) return true;
  if (!is_at_end_ && unread_.size() < ingest::byte_order_mark.size()) return false;
  if (unread_.starts_with(ingest::byte_order_mark))
    unread_.erase(0, ingest::byte_order_mark.size());
  is_begun_ = true;
  return true;
}

/// Parses whole lines in `unread_` until there is a group of them; says whether more are left.
void SubmissionStream::take_lines() {
  const ledger::Instant received = ingest::now();
  const std::string_view bytes = unread_;
  std::size_t begin = 0;
  std::size_t end = bytes.find('\n');
  for (; end != std::string_view::npos && parsed_.size() < group_items_max_;
       end = bytes.find('\n', begin)) {
    const std::string_view line = bytes.substr(begin, end - begin);
    begin = end + 1;
    if (is_skipping_) {
      is_skipping_ = false;
      continue;
    }
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    parsed_.push_back(request_.parse(line, received));
  }
  if (begin != 0) connection_.forgive_waiting();
  has_lines_ = end != std::string_view::npos;
  const std::size_t rest = bytes.size() - begin;
  if (has_lines_) {
    // The rest waits as it came: parsed, it would be many times larger.
  } else if (is_skipping_) {
    begin += rest;
  } else if (rest > ingest::ItemParser::text_bytes_max) {
    // Already too long: it gets its verdict, and the rest of it is not kept.
    parsed_.push_back(request_.parse(bytes.substr(begin), received));
    is_skipping_ = true;
    begin += rest;
  }
  unread_.erase(0, begin);
}

// ---- submitting ----

void SubmissionStream::submit_next() {
  if (parsed_.empty() || problem_) return;
  // One group is built while the one before it is synced; what comes slowly is sent as it comes.
  const bool is_whole_group = parsed_.size() >= group_items_max_;
  if (in_flight_ >= (is_whole_group ? 2U : 1U)) return;
  if (sender_.empty()) sender_ = sender_of(parsed_.front());
  const std::size_t count = std::min(parsed_.size(), group_items_max_);
  const auto checked = keeper_.check(sender_, count);
  is_queue_full_ = !checked && is_overload(checked.error());
  if (is_queue_full_) return;
  // What is above the rate waits, as what finds the queue full does.
  is_queue_full_ = !pay_for(next_index_ + count);
  if (is_queue_full_) return;
  std::vector<ingest::ParsedItem> items;
  if (count == parsed_.size()) {
    items.swap(parsed_);
  } else {
    const auto end = parsed_.begin() + static_cast<std::ptrdiff_t>(count);
    items.assign(std::make_move_iterator(parsed_.begin()), std::make_move_iterator(end));
    parsed_.erase(parsed_.begin(), end);
  }
  auto submission = make_submission(request_, std::move(items), next_index_);
  submission->sender = sender_;
  submission->handler = [self = shared_from_this()](SubmissionPtr reply) {
    self->finish_submission(std::move(reply));
  };
  next_index_ += count;
  ++in_flight_;
  SubmissionPtr base = std::move(submission);
  const auto submitted = keeper_.submit(base);
  if (submitted) return;
  // At once, so that nothing of this stream is submitted in between.
  base->error = submitted.error();
  finish_submission(std::move(base));
}

/// Whether the rates let the items before this index in. An item that comes back from a full queue
/// has been paid for.
bool SubmissionStream::pay_for(std::uint64_t end_index) {
  if (end_index <= paid_items_) return true;
  const auto excess = connection_.gate().limit_items(connection_.request().caller, sender_,
                                                     end_index - paid_items_, paid_items_ == 0);
  if (!excess) paid_items_ = end_index;
  return !excess;
}

void SubmissionStream::finish_submission(SubmissionPtr submission) {
  --in_flight_;
  connection_.allow_a_piece();
  if (is_overload(submission->error)) {
    // Not taken: it goes back to the front and is tried again, while nothing more is read.
    is_queue_full_ = true;
    next_index_ -= submission->items.size();
    parsed_.insert(parsed_.begin(), std::make_move_iterator(submission->items.begin()),
                   std::make_move_iterator(submission->items.end()));
  } else if (submission->error) {
    // Whether these items are kept is not known: that outweighs what the client did wrong since.
    problem_ = problem_of(submission->error);
  } else {
    std::string text = std::move(submission->results);
    if (has_receipt(*submission)) {
      append_receipt(text, *submission);
      text += '\n';
    }
    add_results(std::move(text));
    submit_next();
    hold();
  }
  connection_.wake();
}

void SubmissionStream::add_results(std::string text) {
  result_bytes_ += text.size();
  if (!results_.empty() && results_.back().size() + text.size() <= joined_bytes_max) {
    results_.back() += text;
  } else {
    results_.push_back(std::move(text));
  }
}

void SubmissionStream::fail(Problem problem) {
  if (!problem_) problem_ = std::move(problem);
}

void SubmissionStream::hold() {
  connection_.hold(unread_.size() + parsed_.size() * sizeof(ingest::ParsedItem) + result_bytes_);
}

// ---- writing ----

Awaitable<void> SubmissionStream::run_writer(std::shared_ptr<SubmissionStream> stream) {
  try {
    co_await stream->write();
  } catch (const std::exception& exception) {
    log(LogLevel::error, "connection_failed", {{"reason", exception.what()}});
    stream->is_broken_ = true;
  }
  stream->is_written_ = true;
  // What discard_rest() waits for is of no use any more.
  if (stream->is_discarding_) stream->connection_.stop_reading();
  stream->connection_.wake();
}

Awaitable<void> SubmissionStream::write() {
  while (!is_broken_) {
    if (results_.empty()) {
      if (is_read_) break;
      co_await connection_.changed().async_wait(awaited);
      continue;
    }
    if (!is_writing_) co_await write_head();
    std::string piece = std::move(results_.front());
    results_.pop_front();
    const std::size_t size = piece.size();
    co_await write_chunk(std::move(piece));
    result_bytes_ -= size;
    hold();
    connection_.wake();
  }
  const bool is_refused_whole = problem_ && !is_writing_;
  if (!is_broken_ && !is_refused_whole) {
    if (!is_writing_) co_await write_head();
    if (problem_) {
      std::string line = problem_json(*problem_, connection_.request().correlation_id) + '\n';
      co_await write_chunk(std::move(line));
    }
    const bool is_taken = co_await connection_.write(http::make_chunk_last());
    if (!is_taken) is_broken_ = true;
    connection_.count_answer(200);
  }
}

Awaitable<void> SubmissionStream::write_head() {
  is_writing_ = true;
  std::string head = "HTTP/1.1 200 OK\r\nDate: " + connection_.lane().date.now();
  head += "\r\nContent-Type: application/x-ndjson\r\nCorrelation-Id: ";
  head += connection_.request().correlation_id + "\r\nTransfer-Encoding: chunked\r\n\r\n";
  const bool is_taken = co_await connection_.write(asio::buffer(head));
  if (!is_taken) is_broken_ = true;
}

Awaitable<void> SubmissionStream::write_chunk(std::string bytes) {
  const bool is_taken = co_await connection_.write(http::make_chunk(asio::buffer(bytes)));
  if (!is_taken) is_broken_ = true;
}

}  // namespace

Awaitable<void> serve_stream(SubmissionRequest request) {
  const auto stream = std::make_shared<SubmissionStream>(std::move(request));
  co_await stream->serve();
}

}  // namespace api
