#include "api/http/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/core/string.hpp>
#include <cstring>
#include <iterator>
#include <random>
#include <utility>

#include "api/http/awaitables.h"
#include "api/http/request_head.h"
#include "api/http/router.h"
#include "api/program/log.h"

namespace api {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

/// What a connection may send ahead of what is read; also bounds chunk extensions and trailers.
constexpr std::size_t buffered_bytes_max = 64U << 10;
/// A connection that waits keeps the memory of its last body, and of the head of its last answer,
/// up to this.
constexpr std::size_t kept_bytes_max = 4U << 10;
/// More than the head of any answer has.
constexpr std::size_t head_bytes = 512;
/// A connection that is to close waits so long for more input, or for its end: a client that sends
/// all before it reads shall find its answer. Who sends that fast gets a second more for each of
/// these many bytes, up to a bound.
constexpr auto linger_timeout = std::chrono::seconds{2};
/// A client has no reason to be slow before it has said anything.
constexpr auto handshake_timeout = std::chrono::seconds{10};
constexpr std::size_t linger_bytes_per_second = 1U << 20;
constexpr auto linger_time_max = std::chrono::seconds{10};
/// A connection rests so long after a refusal, and twice as long after each that follows, up to
/// what Retry-After says. A client that heeds Retry-After does not notice.
constexpr auto shortest_rest = std::chrono::milliseconds{100};
constexpr auto longest_rest = std::chrono::milliseconds{1000};

/// Between half and all of the time, so that those refused together do not come back together.
std::chrono::milliseconds jittered(std::chrono::milliseconds time) {
  thread_local std::minstd_rand random;
  std::uniform_int_distribution<std::chrono::milliseconds::rep> range(time.count() / 2,
                                                                      time.count());
  return std::chrono::milliseconds{range(random)};
}

/// The memory of an answer, while its client takes it.
class UnreadAnswer {
 public:
  explicit UnreadAnswer(std::size_t bytes) : bytes_(bytes) {
    http_counters().unread_bytes += bytes;
  }
  ~UnreadAnswer() { http_counters().unread_bytes -= bytes_; }
  UnreadAnswer(const UnreadAnswer&) = delete;
  UnreadAnswer& operator=(const UnreadAnswer&) = delete;

 private:
  const std::size_t bytes_;
};

/// Empty for a socket file.
std::string address_of_peer(const Socket& socket) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  const int family = peer.protocol().family();
  if (error || (family != AF_INET && family != AF_INET6)) return {};
  asio::ip::tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), peer.data(), peer.size());
  return endpoint.address().to_string();
}

}  // namespace

Connection::Connection(Network& network, Lane& lane, Socket socket, const TlsContext& tls)
    : network_(network),
      lane_(lane),
      transport_(std::move(socket), tls),
      watchdog_(lane.context),
      changed_(lane.context),
      rest_(shortest_rest),
      buffer_(network.limits.header_bytes_max + buffered_bytes_max) {
  ++network_.connection_count;
  ++http_counters().connections;
}

Connection::~Connection() {
  hold(0);
  lane_.connections.erase(this);
  lane_.watching.erase(this);
  --network_.connection_count;
  --http_counters().connections;
}

/// Whether the other end of a socket file is root, or the user that the service runs as.
bool Connection::is_peer_operator() {
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool is_known =
      ::getsockopt(transport_.socket().native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  return is_known && peer.pid > 0 && (peer.uid == 0 || peer.uid == ::geteuid());
}

void Connection::begin() {
  is_of_operator_ = network_.is_on_socket_file && is_peer_operator();
  request_.network_address = address_of_peer(transport_.socket());
  lane_.connections.insert(this);
  allow(limits().idle_timeout);
  watch();
}

Awaitable<bool> Connection::secure() {
  if (!transport_.is_secured()) co_return true;
  allow(std::min<Clock::duration>(limits().slow_timeout, handshake_timeout));
  const error_code error = co_await transport_.shake_hands();
  if (!error && !is_timed_out_) {
    // It says who has connected; who calls is said by tokens alone.
    const std::string subject = transport_.client_subject();
    if (!subject.empty()) log(LogLevel::info, "client_certificate", {{"subject", subject}});
    co_return true;
  }
  ++http_counters().failed_handshakes_total;
  close();
  co_return false;
}

// ---- time ----

void Connection::watch() {
  watchdog_.expires_at(deadline_);
  watchdog_.async_wait([self = shared_from_this()](error_code error) {
    if (error || !self->is_open()) return;
    if (Clock::now() >= self->deadline_) {
      self->is_timed_out_ = true;
      self->transport_.cancel();
      self->changed_.cancel();
      self->allow(linger_timeout);
    }
    self->watch();
  });
}

// ---- requests ----

Awaitable<bool> Connection::read_head() {
  head_.emplace();
  head_->header_limit(static_cast<std::uint32_t>(limits().header_bytes_max));
  head_->body_limit(boost::none);
  is_timed_out_ = false;
  is_idle_ = buffer_.size() == 0;
  allow(limits().idle_timeout);
  const error_code error = co_await parse_head();
  is_idle_ = false;
  if (error) {
    co_await refuse_head(error);
    co_return false;
  }
  begun_ = Clock::now();
  allow(limits().slow_timeout, begun_);
  is_body_broken_ = false;
  is_chunked_ = head_->chunked();
  if (is_chunked_) chunks_ = ChunkDecoder();
  body_left_ = is_chunked_ ? 0 : head_->content_length().value_or(0);
  body_wait_.forgive();
  const auto& message = head_->get();
  is_closing_ = !message.keep_alive();
  const std::string_view expect = message[http::field::expect];
  expects_continue_ = !is_old() && has_sent_body_left() &&
                      beast::iequals({expect.data(), expect.size()}, "100-continue");
  read_request(message, request_);
  const bool is_foreign = foreign_surface() != nullptr;
  if (is_foreign) {
    take_sent_path(target(), request_);
  } else if (surface_of(request_.path) != nullptr) {
    // Spelled otherwise it is nothing of that contract, and nothing of ours.
    request_.path.clear();
  }
  const std::string_view unclear = unclear_point_of(message, is_foreign);
  if (!unclear.empty()) {
    is_closing_ = true;
    Problem problem{400, "MALFORMED_REQUEST", std::string(unclear), ""};
    co_await refuse(std::move(problem));
    co_return false;
  }
  co_return true;
}

/// The parser's own limit is for the fields that come together, and a head may come in many pieces.
bool Connection::is_head_too_large(std::size_t bytes) const {
  const auto& fields = head_->get();
  return bytes > limits().header_bytes_max ||
         std::distance(fields.begin(), fields.end()) > std::ptrdiff_t{header_fields_max};
}

/// Reads until `head_` has a whole head. What came behind it stays in the buffer.
Awaitable<error_code> Connection::parse_head() {
  std::size_t taken_bytes = 0;
  bool may_skip_line = true;  // an empty one, as some send behind a body (RFC 9112, 2.2)
  for (;;) {
    if (may_skip_line && buffered().starts_with("\r\n")) {
      buffer_.consume(2);
      may_skip_line = false;
    }
    if (buffer_.size() != 0 && (!may_skip_line || buffered() != "\r")) {
      may_skip_line = false;
      error_code error;
      const std::size_t used = head_->put(buffer_.data(), error);
      const bool is_fold = is_folded(buffered().substr(0, used));
      buffer_.consume(used);
      if (is_fold) co_return http::error::bad_obs_fold;
      const bool needs_more = error == http::error::need_more;
      if (error && !needs_more) co_return error;
      taken_bytes += used;
      const std::size_t unread_bytes = needs_more ? buffer_.size() : 0;
      if (is_head_too_large(taken_bytes + unread_bytes)) co_return http::error::header_limit;
      if (!needs_more) co_return error;
    }
    const std::size_t size = beast::read_size(buffer_, piece_bytes);
    if (size == 0) co_return http::error::buffer_overflow;
    auto [error, got] = co_await transport_.read_some(buffer_.prepare(size));
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
  request_.method = head_->get().method_string();
  take_correlation_id(head_->get(), request_.correlation_id);
  head_->get().clear();  // the memory of its fields
  begun_ = Clock::now();
  expects_continue_ = false;
  Problem problem;
  if (error == http::error::header_limit) {
    problem = Problem{431, "HEADER_TOO_LARGE", "The request head is too large.", ""};
  } else if (is_timed_out_) {
    problem = Problem{408, "REQUEST_TIMEOUT", "The request head came too slowly.", ""};
  } else if (error.category() == http::make_error_code(http::error::bad_method).category()) {
    problem = Problem{400, "MALFORMED_REQUEST", "This is not an HTTP/1.1 request.", ""};
    if (error == http::error::bad_obs_fold) problem.detail = "A line of the head is folded.";
  } else {
    close();
    co_return;
  }
  co_await refuse(std::move(problem));
}

Visit Connection::visit() const {
  const auto& head = head_->get();
  Visit visit;
  const auto view = [](boost::core::string_view text) {
    return std::string_view(text.data(), text.size());
  };
  // As it was routed: a proxy may have put a host in front.
  visit.line = {request_.method, sent_path_of(target())};
  visit.credentials.authorization = view(head[http::field::authorization]);
  visit.credentials.proof = view(head["DPoP"]);
  visit.credentials.is_repeated =
      head.count("DPoP") > 1 || head.count(http::field::authorization) > 1;
  visit.is_of_operator = is_of_operator_;
  return visit;
}

void Connection::forget_request() {
  gzip_.reset();
  hold(0);
  if (!is_refused_) rest_ = shortest_rest;
  request_.method.clear();
  request_.query.clear();
  request_.body.clear();
  if (request_.body.capacity() > kept_bytes_max) request_.body.shrink_to_fit();
}

void Connection::stop_reading() { transport_.cancel(); }

void Connection::watch_input() {
  is_input_ended_ = false;
  Socket& socket = transport_.socket();
  socket.async_wait(Socket::wait_read, [self = shared_from_this()](error_code error) {
    if (error || !self->transport_.is_input_ended()) return;
    self->is_input_ended_ = true;
    self->wake();
  });
}

// ---- answers ----

const ForeignSurface* Connection::surface_of(std::string_view path) const {
  const Router* const router = network_.router;
  return router == nullptr ? nullptr : router->foreign_surface(path);
}

/// Of the request, as far as its head could be read.
const ForeignSurface* Connection::foreign_surface() const {
  if (!head_) return nullptr;
  if (!target().empty()) return surface_of(sent_path_of(target()));
  // A first line that is too long: it has been received, but not taken apart.
  const std::string_view line = buffered();
  return surface_of(line.substr(std::min(line.find('/'), line.size())));
}

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
  if (is_closing_) {
    add("Connection", "close");
  } else if (is_old()) {
    add("Connection", "keep-alive");
  }
  add("Content-Length", std::to_string(response.text().size()));
  text.append("\r\n");
}

Awaitable<void> Connection::answer(Response response) {
  if (response.when_durable) {
    auto [error] = co_await async_when(std::move(response.when_durable), lane_.context, awaited);
    response.when_durable = nullptr;
    if (error) response = to_response(problem_of(error), request_.correlation_id);
  }
  if (response.problem && foreign_surface() != nullptr) {
    const Problem problem = std::move(*response.problem);
    foreign_surface()->tell(problem, request_.correlation_id, response);
  }
  // Who was not told to send the body may send it or not: what comes next could be either.
  if (network_.is_draining || expects_continue_) is_closing_ = true;
  is_refused_ = request_.method == "POST" && (response.status == 429 || response.status == 503);
  std::string head = std::move(answer_head_);
  head.clear();
  head.reserve(head_bytes);
  append_head(response, head);
  const std::string_view body = request_.method == "HEAD" ? std::string_view() : response.text();
  const AnswerParts parts{asio::buffer(head), asio::buffer(body)};
  // What fits the socket's buffer, as nearly every answer does, leaves without waiting.
  error_code error;
  const std::size_t sent = transport_.write_at_once(parts, error);
  if (error == asio::error::would_block) error = {};
  bool is_sent = !error;
  if (is_sent && sent != asio::buffer_size(parts)) {
    is_sent = co_await write_rest(parts, sent, response.body.size());
  }
  if (!is_sent) close();
  if (head.capacity() <= kept_bytes_max) answer_head_ = std::move(head);
  count_answer(response.status);
}

/// `held` is the memory of the answer. Half of all memory stays for requests, however many clients
/// do not read. A small answer is written also when large ones fill the other half.
Awaitable<bool> Connection::write_rest(AnswerParts parts, std::size_t sent, std::size_t held) {
  const bool is_crowded = http_counters().unread_bytes > limits().waiting_bytes_max / 2;
  if (is_crowded && held > first_piece_bytes) co_return false;
  const UnreadAnswer counted(held);
  hold(held_bytes_ + held);
  beast::buffers_suffix<AnswerParts> rest(parts);
  rest.consume(sent);
  co_return co_await write(rest, Written::whole);
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
  status_ = status;
}

void Connection::log_answer(std::string_view route) const {
  if (!is_logged(LogLevel::debug)) return;
  const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun_);
  log(LogLevel::debug, "request",
      {{"method", request_.method},
       {"path", std::string(route)},
       {"status", std::to_string(status_)},
       {"microseconds", std::to_string(taken.count())},
       {"caller", request_.caller.name},
       {"correlationId", request_.correlation_id}});
}

Awaitable<void> Connection::rest() {
  is_refused_ = false;
  allow_a_piece();
  Timer pause(lane_.context, jittered(std::exchange(rest_, std::min(2 * rest_, longest_rest))));
  co_await pause.async_wait(awaited);
}

// ---- the end ----

Awaitable<void> Connection::linger() {
  is_timed_out_ = false;
  if (transport_.is_secured()) allow(linger_timeout);
  co_await transport_.end_sending();
  const Clock::time_point begin = Clock::now();
  Clock::duration granted = linger_timeout;
  std::string piece(16U << 10, '\0');
  std::size_t discarded = 0;
  Socket& socket = transport_.socket();
  for (auto now = begin; now - begin < granted; now = Clock::now()) {
    allow(granted - (now - begin), now);
    auto [error, got] = co_await socket.async_read_some(asio::buffer(piece), awaited);
    if (error) break;
    discarded += got;
    const std::chrono::seconds earned{discarded / linger_bytes_per_second};
    granted = std::min<Clock::duration>(linger_timeout + earned, linger_time_max);
  }
}

void Connection::close() {
  transport_.close();
  watchdog_.cancel();
}

}  // namespace api
