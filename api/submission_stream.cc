#include "api/submission_stream.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <utility>

#include "api/http_submission.h"
#include "api/log.h"
#include "ingest/clock.h"
#include "ingest/result_text.h"

namespace api {
namespace {

namespace http = boost::beast::http;

/// Results that may wait for a client that does not read yet.
constexpr std::size_t waiting_result_bytes_max = 2U << 20;

/// read() reads lines and keeps one or two submissions on the way; finish_submission() takes the
/// results of one and sends the next; write() sends what there is. All on one thread; each waits on
/// the connection's changed() for the others. Its time is set once: setting it wakes whoever waits,
/// for nothing.
class SubmissionStream : public std::enable_shared_from_this<SubmissionStream> {
 public:
  SubmissionStream(Connection& connection, ingest::ItemParser& parser)
      : kept_(connection.shared_from_this()),
        connection_(connection),
        keeper_(connection.service().keeper()),
        parser_(parser),
        group_items_max_(connection.service().limits().submission_items_max()) {}

  Awaitable<void> serve();

 private:
  Awaitable<void> read();
  Awaitable<void> read_piece();
  Awaitable<void> wait_for_others();
  void take_lines();
  void submit_next();
  void finish_submission(SubmissionPtr submission);
  void fail(Problem problem);
  void hold();
  static Awaitable<void> run_writer(std::shared_ptr<SubmissionStream> stream);
  Awaitable<void> write();
  Awaitable<void> write_head();
  Awaitable<void> write_chunk(std::string bytes);

  const std::shared_ptr<Connection> kept_;  // as long as results are on the way
  Connection& connection_;
  const ShardKeeper& keeper_;
  ingest::ItemParser& parser_;
  const std::size_t group_items_max_;  // lines that are submitted together

  std::size_t piece_ = first_piece_bytes;  // to be read next
  std::string unread_;                     // bytes that are not a whole line yet
  bool is_at_end_ = false;                 // of the body
  bool has_lines_ = false;                 // `unread_` has whole lines
  bool is_skipping_ = false;               // within a line that is too long
  std::uint64_t bytes_ = 0;
  std::uint64_t next_index_ = 0;
  std::vector<ingest::ParsedItem> parsed_;  // not submitted yet
  std::string sender_;                      // of all its submissions, so that they keep their order
  std::size_t in_flight_ = 0;               // submissions
  bool is_queue_full_ = false;
  bool is_read_ = false;     // read() has ended
  bool is_writing_ = false;  // the head of the answer has been sent
  bool is_broken_ = false;   // the client cannot be written to
  bool is_written_ = false;  // run_writer() has ended
  std::string results_;      // to be written
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
  while (!is_written_) {
    co_await connection_.changed().async_wait(awaited);
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
    const bool is_full =
        parsed_.size() >= group_items_max_ || results_.size() > waiting_result_bytes_max;
    const bool has_work = has_lines_ || !parsed_.empty() || in_flight_ != 0;
    if (is_at_end_ && !has_work) break;
    if (has_lines_ && !is_full) {
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

/// The queue is asked again after a pause; everything else wakes us.
Awaitable<void> SubmissionStream::wait_for_others() {
  connection_.allow_a_piece();
  if (is_queue_full_) {
    Timer pause(connection_.lane().context, queue_full_pause);
    co_await pause.async_wait(awaited);
  } else {
    co_await connection_.changed().async_wait(awaited);
  }
  if (connection_.is_timed_out()) is_broken_ = true;
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
    if (connection_.is_timed_out()) {
      fail({408, "REQUEST_TIMEOUT", "The body came too slowly.", ""});
    } else {
      fail({400, "MALFORMED_REQUEST", "The body broke off.", ""});
    }
    co_return;
  }
  if (bytes_ > connection_.service().limits().ndjson_body_bytes_max) {
    fail({413, "TOO_LARGE", "The body is too large; split the request.", ""});
    co_return;
  }
  is_at_end_ = got == 0;
  if (is_at_end_ && !unread_.empty()) unread_ += '\n';
  take_lines();
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
    parsed_.push_back(parser_.parse(line, connection_.request().caller, received));
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
    parsed_.push_back(parser_.parse(bytes.substr(begin), connection_.request().caller, received));
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
  std::vector<ingest::ParsedItem> items;
  if (count == parsed_.size()) {
    items.swap(parsed_);
  } else {
    const auto end = parsed_.begin() + static_cast<std::ptrdiff_t>(count);
    items.assign(std::make_move_iterator(parsed_.begin()), std::make_move_iterator(end));
    parsed_.erase(parsed_.begin(), end);
  }
  auto submission = make_submission(connection_, std::move(items));
  submission->first_index = next_index_;
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

void SubmissionStream::finish_submission(SubmissionPtr submission) {
  --in_flight_;
  if (is_overload(submission->error)) {
    // Not taken: it goes back to the front and is tried again, while nothing more is read.
    is_queue_full_ = true;
    next_index_ -= submission->items.size();
    parsed_.insert(parsed_.begin(), std::make_move_iterator(submission->items.begin()),
                   std::make_move_iterator(submission->items.end()));
    connection_.allow_a_piece();
  } else if (submission->error) {
    fail(problem_of(submission->error));
  } else {
    results_ += submission->results;
    append_receipt(results_, *submission);
    results_ += '\n';
    connection_.allow_a_piece();
    submit_next();
    hold();
  }
  connection_.wake();
}

void SubmissionStream::fail(Problem problem) {
  if (!problem_) problem_ = std::move(problem);
}

void SubmissionStream::hold() {
  connection_.hold(unread_.size() + parsed_.size() * sizeof(ingest::ParsedItem) + results_.size());
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
    std::string piece;
    piece.swap(results_);
    co_await write_chunk(std::move(piece));
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
  http::response<http::empty_body> message(http::status::ok, 11);
  message.set(http::field::date, connection_.lane().date.now());
  message.set(http::field::content_type, "application/x-ndjson");
  message.set("Correlation-Id", connection_.request().correlation_id);
  message.chunked(true);
  http::response_serializer<http::empty_body> serializer(message);
  auto [error, size] = co_await http::async_write_header(connection_.socket(), serializer, awaited);
  if (error) is_broken_ = true;
}

Awaitable<void> SubmissionStream::write_chunk(std::string bytes) {
  const bool is_taken = co_await connection_.write(http::make_chunk(asio::buffer(bytes)));
  if (!is_taken) is_broken_ = true;
}

}  // namespace

Awaitable<void> serve_stream(Connection& connection, ingest::ItemParser& parser) {
  const auto stream = std::make_shared<SubmissionStream>(connection, parser);
  co_await stream->serve();
}

}  // namespace api
