#include "api/connection.h"

#include <algorithm>
#include <boost/beast/http/read.hpp>
#include <random>
#include <utility>

#include "api/awaitables.h"
#include "api/request_head.h"

namespace api {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

/// In all, who sends a body has a second for so many bytes, besides the time for a piece: else a
/// connection could be kept open for days, a byte at a time.
constexpr std::size_t slowest_bytes_per_second = 1U << 10;
/// What a connection may send ahead of what is read; also bounds chunk extensions and trailers.
constexpr std::size_t buffered_bytes_max = 64U << 10;
/// What is read and thrown away so that a client gets its answer before the connection closes.
constexpr std::size_t discarded_bytes_max = 4U << 20;
/// A connection that waits keeps the memory of its last body and of its last answer up to this.
constexpr std::size_t kept_bytes_max = 4U << 10;
/// More than the head of any answer has.
constexpr std::size_t head_bytes = 512;
constexpr auto linger_timeout = std::chrono::seconds{2};
/// A connection rests so long after a refusal, and twice as long after each that follows, up to
/// what Retry-After says: who heeds it does not notice.
constexpr auto shortest_rest = std::chrono::milliseconds{100};
constexpr auto longest_rest = std::chrono::milliseconds{1000};

/// Between half and all of the time, so that those refused together do not come back together.
std::chrono::milliseconds jittered(std::chrono::milliseconds time) {
  thread_local std::minstd_rand random;
  std::uniform_int_distribution<std::chrono::milliseconds::rep> range(time.count() / 2,
                                                                      time.count());
  return std::chrono::milliseconds{range(random)};
}

}  // namespace

Connection::Connection(Network& network, Lane& lane, Socket socket)
    : network_(network),
      service_(*network.service),
      lane_(lane),
      socket_(std::move(socket)),
      watchdog_(lane.context),
      changed_(lane.context),
      rest_(shortest_rest),
      buffer_(service_.limits().header_bytes_max + buffered_bytes_max) {
  ++network_.connection_count;
  ++http_counters().connections;
}

Connection::~Connection() {
  hold(0);
  lane_.connections.erase(this);
  lane_.polls.erase(this);
  --network_.connection_count;
  --http_counters().connections;
}

void Connection::begin() {
  lane_.connections.insert(this);
  allow(service_.limits().idle_timeout);
  watch();
}

// ---- time ----

void Connection::watch() {
  watchdog_.expires_at(deadline_);
  watchdog_.async_wait([self = shared_from_this()](error_code error) {
    if (error || !self->socket_.is_open()) return;
    if (Clock::now() >= self->deadline_) {
      self->is_timed_out_ = true;
      error_code ignored;
      self->socket_.cancel(ignored);
      self->changed_.cancel();
      self->allow(linger_timeout);
    }
    self->watch();
  });
}

// ---- requests ----

Awaitable<bool> Connection::read_head() {
  head_.emplace();
  head_->header_limit(static_cast<std::uint32_t>(service_.limits().header_bytes_max));
  head_->body_limit(boost::none);
  is_timed_out_ = false;
  is_idle_ = buffer_.size() == 0;
  allow(service_.limits().idle_timeout);
  const error_code error = co_await parse_head();
  is_idle_ = false;
  if (error) {
    co_await refuse_head(error);
    co_return false;
  }
  begun_ = Clock::now();
  allow(service_.limits().slow_timeout, begun_);
  is_body_broken_ = false;
  is_chunked_ = head_->chunked();
  body_left_ = is_chunked_ ? 0 : head_->content_length().value_or(0);
  waited_ = {};
  const auto& message = head_->get();
  is_closing_ = !message.keep_alive();
  read_request(message, request_);
  if (!is_framing_clear(message)) {
    is_closing_ = true;
    Problem problem{400, "MALFORMED_REQUEST",
                    "A request has one Host, and one Content-Length or Transfer-Encoding: chunked.",
                    ""};
    co_await refuse(std::move(problem));
    co_return false;
  }
  co_return true;
}

/// Reads until `head_` has a whole head. What came behind it stays in the buffer.
Awaitable<error_code> Connection::parse_head() {
  for (;;) {
    if (buffer_.size() != 0) {
      error_code error;
      buffer_.consume(head_->put(buffer_.data(), error));
      if (error != http::error::need_more) co_return error;
    }
    const std::size_t size = beast::read_size(buffer_, piece_bytes);
    if (size == 0) co_return http::error::buffer_overflow;
    auto [error, got] = co_await socket_.async_read_some(buffer_.prepare(size), awaited);
    if (error == asio::error::eof && buffer_.size() != 0) co_return http::error::partial_message;
    if (error) co_return error;
    buffer_.commit(got);
  }
}

Awaitable<void> Connection::refuse_head(error_code error) {
  is_closing_ = true;
  const bool has_begun = head_->got_some() || buffer_.size() != 0;
  if (!has_begun || error == http::error::end_of_stream || error == asio::error::eof) {
    close();
    co_return;
  }
  make_correlation_id(request_.correlation_id);
  begun_ = Clock::now();
  Problem problem;
  if (error == http::error::header_limit) {
    problem = Problem{431, "HEADER_TOO_LARGE", "The request head is too large.", ""};
  } else if (is_timed_out_) {
    problem = Problem{408, "REQUEST_TIMEOUT", "The request head came too slowly.", ""};
  } else if (error.category() == http::make_error_code(http::error::bad_method).category()) {
    problem = Problem{400, "MALFORMED_REQUEST", "This is not an HTTP/1.1 request.", ""};
  } else {
    close();
    co_return;
  }
  co_await refuse(std::move(problem));
}

Awaitable<std::size_t> Connection::read_some(char* data, std::size_t size) {
  if (!is_chunked_) {
    // What came with the head needs no wait.
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, body_left_));
    const std::size_t got = asio::buffer_copy(asio::buffer(data, size), buffer_.data());
    buffer_.consume(got);
    body_left_ -= got;
    if (got != 0 || size == 0) co_return got;
  }
  const Clock::duration limit = service_.limits().slow_timeout;
  const Clock::time_point begin = Clock::now();
  allow(limit - waited_, begin);
  const std::size_t got = co_await receive(data, size);
  const std::chrono::duration<double> due{static_cast<double>(got) / slowest_bytes_per_second};
  waited_ += Clock::now() - begin - std::chrono::duration_cast<Clock::duration>(due);
  waited_ = std::max(waited_, Clock::duration::zero());
  co_return got;
}

/// Waits for the client.
Awaitable<std::size_t> Connection::receive(char* data, std::size_t size) {
  if (!is_chunked_) {
    auto [error, read] = co_await socket_.async_read_some(asio::buffer(data, size), awaited);
    if (error) is_body_broken_ = true;
    const std::size_t got = error ? 0 : read;
    body_left_ -= got;
    co_return got;
  }
  while (!head_->is_done()) {
    auto& body = head_->get().body();
    body.data = data;
    body.size = size;
    auto [error, read] = co_await http::async_read_some(socket_, buffer_, *head_, awaited);
    const std::size_t got = size - body.size;
    if (error && error != http::error::need_buffer) {
      is_body_broken_ = true;
      co_return 0;
    }
    if (got != 0) co_return got;
  }
  co_return 0;
}

Awaitable<bool> Connection::read_whole_body(std::size_t bytes_max) {
  std::string& body = request_.body;
  bool is_too_large = body_left_ > bytes_max;
  bool is_full = false;
  std::size_t filled = 0;
  while (!is_too_large && !is_full && has_body_left() && !is_body_broken_) {
    if (filled == body.size()) {
      std::size_t more = std::clamp(3 * filled, first_piece_bytes, piece_bytes);
      if (!is_chunked_) more = static_cast<std::size_t>(std::min<std::uint64_t>(more, body_left_));
      body.reserve(filled + more + ingest::ItemParser::padding_bytes);
      body.resize(filled + more);
    }
    filled += co_await read_some(body.data() + filled, body.size() - filled);
    is_too_large = filled > bytes_max;
    hold(filled);
    // A small request is taken also when large ones fill the memory.
    is_full = filled > first_piece_bytes && is_memory_full();
  }
  body.resize(filled);
  if (is_too_large) {
    Problem problem = body_is_too_large(bytes_max);
    is_closing_ = true;
    co_await refuse(std::move(problem));
    co_return false;
  }
  if (is_full) {
    is_closing_ = true;
    Problem problem = memory_is_full();
    co_await refuse(std::move(problem));
    co_return false;
  }
  if (is_body_broken_) {
    is_closing_ = true;
    Problem problem{400, "MALFORMED_REQUEST", "The body is not well-formed.", ""};
    if (is_timed_out_) problem = {408, "REQUEST_TIMEOUT", "The body came too slowly.", ""};
    co_await refuse(std::move(problem));
    co_return false;
  }
  body.reserve(body.size() + ingest::ItemParser::padding_bytes);
  co_return true;
}

Awaitable<void> Connection::discard_body() {
  if (body_left_ > discarded_bytes_max) {
    is_closing_ = true;
    co_return;
  }
  std::string piece(piece_bytes, '\0');
  std::size_t discarded = 0;
  while (has_body_left() && !is_body_broken_ && discarded <= discarded_bytes_max) {
    discarded += co_await read_some(piece.data(), piece.size());
  }
  if (has_body_left()) is_closing_ = true;
}

Problem Connection::body_is_too_large(std::size_t bytes_max) {
  return {413, "TOO_LARGE",
          "The body is larger than " + std::to_string(bytes_max) + " bytes; split the request.",
          ""};
}

void Connection::forget_request() {
  hold(0);
  if (!is_refused_) rest_ = shortest_rest;
  request_.method.clear();
  request_.query.clear();
  request_.body.clear();
  if (request_.body.capacity() > kept_bytes_max) request_.body.shrink_to_fit();
}

bool Connection::expects_continue() const {
  const std::string_view expect = head_->get()[http::field::expect];
  return beast::iequals({expect.data(), expect.size()}, "100-continue");
}

void Connection::stop_watching_input() {
  error_code ignored;
  socket_.cancel(ignored);
}

void Connection::watch_input() {
  is_input_ended_ = false;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code error) {
    if (error) return;
    char byte = 0;
    self->socket_.receive(asio::buffer(&byte, 1), Socket::message_peek, error);
    if (!error) return;
    self->is_input_ended_ = true;
    self->wake();
  });
}

// ---- answers ----

/// Status line and fields.
void Connection::append_head(const Response& response, std::string& text) {
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  text.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  text.append(http::obsolete_reason(static_cast<http::status>(response.status))).append("\r\n");
  add("Date", lane_.date.now());
  add("Content-Type", response.content_type);
  add("Correlation-Id", request_.correlation_id);
  for (const auto& [name, value] : response.headers) add(name, value);
  if (is_closing_) add("Connection", "close");
  add("Content-Length", std::to_string(response.body.size()));
  text.append("\r\n");
}

Awaitable<void> Connection::answer(Response response) {
  if (response.reflected && !response.reflected->is_durable(response.reflects)) {
    const ledger::Position next{response.reflects.value() + 1};
    auto [error] = co_await async_wait_durable(*response.reflected, lane_.context, next, awaited);
    if (error) response = to_response(problem_of(error), request_.correlation_id);
  }
  response.reflected.reset();
  if (network_.is_draining) is_closing_ = true;
  is_refused_ = request_.method == "POST" && (response.status == 429 || response.status == 503);
  std::string text = std::move(answer_);
  text.clear();
  text.reserve(head_bytes + response.body.size());
  append_head(response, text);
  if (request_.method != "HEAD") text += response.body;
  response.body = std::string();
  hold(held_bytes_ + text.size());
  // What fits the socket's buffer, as nearly every answer does, leaves without waiting.
  error_code error;
  const std::size_t sent = socket_.write_some(asio::buffer(text), error);
  if (error == asio::error::would_block) error = {};
  bool is_sent = !error;
  if (is_sent && sent != text.size()) is_sent = co_await write(asio::buffer(text) + sent);
  if (!is_sent) close();
  if (text.capacity() <= kept_bytes_max) answer_ = std::move(text);
  count_answer(response.status);
}

Awaitable<void> Connection::refuse(Problem problem) {
  Response response = to_response(problem, request_.correlation_id);
  co_await answer(std::move(response));
}

Awaitable<void> Connection::refuse_connection() {
  is_closing_ = true;
  is_idle_ = false;
  begun_ = Clock::now();
  make_correlation_id(request_.correlation_id);
  Problem problem{503, "OVERLOADED", "Too many connections are open; try again.", ""};
  co_await refuse(std::move(problem));
}

void Connection::count_answer(unsigned status) {
  const std::chrono::duration<double> taken = Clock::now() - begun_;
  http_counters().count_response(status, taken.count());
}

Awaitable<void> Connection::rest() {
  is_refused_ = false;
  allow_a_piece();
  Timer pause(lane_.context, jittered(std::exchange(rest_, std::min(2 * rest_, longest_rest))));
  co_await pause.async_wait(awaited);
}

// ---- the end ----

Awaitable<void> Connection::linger() {
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  is_timed_out_ = false;
  allow(linger_timeout);
  std::string piece(16U << 10, '\0');
  std::size_t discarded = 0;
  while (discarded < discarded_bytes_max) {
    auto [error, got] = co_await socket_.async_read_some(asio::buffer(piece), awaited);
    if (error) break;
    discarded += got;
  }
}

void Connection::close() {
  error_code ignored;
  socket_.close(ignored);
  watchdog_.cancel();
}

}  // namespace api
