// Boost.Beast and the coroutines live here. One rule for every statement with co_await: no
// capturing lambda and no braced temporary in it, because g++ 12 destroys those twice.

#include "api/http_server.h"

#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <ctime>
#include <filesystem>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "api/http_counters.h"
#include "api/log.h"
#include "api/problem.h"
#include "api/service.h"
#include "ingest/clock.h"
#include "ingest/result_text.h"

namespace api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using SubmissionPtr = std::unique_ptr<ingest::Submission>;

// Everything runs on a context of one thread. Said in the types, this spares each step an executor
// that could be any.
using Executor = asio::io_context::executor_type;
using Protocol = asio::generic::stream_protocol;
using Socket = asio::basic_stream_socket<Protocol, Executor>;
using Acceptor = asio::basic_socket_acceptor<Protocol, Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;

/// The completion token of every asynchronous call here: the error comes back as a value.
constexpr auto awaited = asio::as_tuple(asio::use_awaitable_t<Executor>());

/// Bodies of known length up to this are read whole before anything is parsed.
constexpr std::size_t whole_body_bytes_max = 1U << 20;
/// Of those, one up to this is parsed on the network thread; a larger one would keep it from
/// others.
constexpr std::size_t quick_body_bytes_max = 16U << 10;
/// A body is read into this much at first, then into more as it comes: a client that sends nothing
/// shall cost nothing.
constexpr std::size_t first_piece_bytes = 16U << 10;
/// A stream reads at most this much at a time.
constexpr std::size_t piece_bytes = 256U << 10;
/// What a connection may send ahead of what is read; also bounds chunk extensions and trailers.
constexpr std::size_t buffered_bytes_max = 64U << 10;
/// Results of a stream that may wait for a client that does not read yet.
constexpr std::size_t waiting_result_bytes_max = 2U << 20;
/// What is read and thrown away so that a client gets its answer before the connection closes.
constexpr std::size_t discarded_bytes_max = 4U << 20;
/// A connection that waits keeps the memory of its last body and of its last answer up to this.
constexpr std::size_t kept_bytes_max = 4U << 10;
/// More than the head of any answer has.
constexpr std::size_t head_bytes = 512;
constexpr auto linger_timeout = std::chrono::seconds{2};
/// Connections above the limit that are told so at a time; any more are closed at once.
constexpr std::size_t surplus_connections_max = 64;
/// A connection rests so long after what it sent was refused with 429 or 503, and twice as long
/// after each that follows, up to what Retry-After says. Who heeds it does not notice; who does
/// not, cannot keep the network thread from others.
constexpr auto shortest_rest = std::chrono::milliseconds{100};
constexpr auto longest_rest = std::chrono::milliseconds{1000};
/// A stream that finds the queue full tries again after this.
constexpr auto queue_full_pause = std::chrono::milliseconds{5};

/// File descriptors that connections leave to the ledger's files.
constexpr rlim_t reserved_files = 256;

/// A submission that knows which connection waits for it.
struct HttpSubmission final : ingest::Submission {
  asio::io_context* context = nullptr;
  std::function<void(SubmissionPtr)> handler;
};

ledger::Result<void> submit(const ShardKeeper& keeper, SubmissionPtr& submission) {
  const auto open = keeper.lease();
  return open ? open->submit(submission) : ledger::Result<void>(ledger::Errc::store_unavailable);
}

/// Completes with the delivered submission, or with the same one and an error when it was not
/// taken.
template <class CompletionToken>
auto async_submit(const ShardKeeper& keeper, std::unique_ptr<HttpSubmission> submission,
                  CompletionToken&& token) {
  return asio::async_initiate<CompletionToken, void(SubmissionPtr)>(
      [&keeper](auto handler, std::unique_ptr<HttpSubmission> taken) {
        // Shared because std::function wants to be copied, which a coroutine's handler cannot be.
        taken->handler = [shared = std::make_shared<decltype(handler)>(std::move(handler))](
                             SubmissionPtr reply) { std::move (*shared)(std::move(reply)); };
        asio::io_context& context = *taken->context;
        SubmissionPtr base = std::move(taken);
        const auto submitted = submit(keeper, base);
        if (submitted) return;
        base->error = submitted.error();
        auto& refused = static_cast<HttpSubmission&>(*base);
        asio::post(context, [complete = std::move(refused.handler),
                             given = std::move(base)]() mutable { complete(std::move(given)); });
      },
      token, std::move(submission));
}

/// Whether so many items of the sender would be taken now.
ledger::Result<void> check_room(const ShardKeeper& keeper, const std::string& sender,
                                std::size_t items) {
  const auto open = keeper.lease();
  return open ? open->check(sender, items) : ledger::Result<void>(ledger::Errc::store_unavailable);
}

/// Runs `work` on the pool and returns or throws what it does, on the context.
template <class Value>
Awaitable<Value> run_on(asio::thread_pool& pool, asio::io_context& context,
                        std::function<Value()> work) {
  constexpr asio::use_awaitable_t<Executor> token;
  return asio::async_initiate<decltype(token), void(std::exception_ptr, Value)>(
      [&pool, &context](auto handler, std::function<Value()> job) {
        asio::post(pool, [&context, job = std::move(job), complete = std::move(handler)]() mutable {
          Value value;
          std::exception_ptr thrown;
          try {
            value = job();
          } catch (...) {
            thrown = std::current_exception();
          }
          asio::post(context,
                     [thrown, value = std::move(value), complete = std::move(complete)]() mutable {
                       complete(thrown, std::move(value));
                     });
        });
      },
      token, std::move(work));
}

/// Completes when the journal holds the position.
template <class CompletionToken>
auto async_wait_durable(OpenShard& open, asio::io_context& context, ledger::Position next_position,
                        CompletionToken&& token) {
  return asio::async_initiate<CompletionToken, void(error_code)>(
      [&open, &context, next_position](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        open.when_durable(next_position, [&context, shared](error_code error) {
          asio::post(context, [shared, error] { std::move (*shared)(error); });
        });
      },
      token);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (is_dash ? c != '-' : !is_hex) return false;
  }
  return true;
}

bool is_overload(error_code error) {
  return error == make_error_code(ledger::Errc::overloaded) ||
         error == make_error_code(ledger::Errc::sender_overloaded);
}

/// Until callers have names, practices are what shares the queue.
std::string sender_of(const ingest::ParsedItem& first) {
  return std::string(first.item.practice.view());
}

/// Between half and all of the time, so that those refused together do not come back together.
std::chrono::milliseconds jittered(std::chrono::milliseconds time) {
  thread_local std::minstd_rand random;
  std::uniform_int_distribution<std::chrono::milliseconds::rep> range(time.count() / 2,
                                                                      time.count());
  return std::chrono::milliseconds{range(random)};
}

void make_correlation_id(std::string& id) {
  thread_local boost::uuids::random_generator_mt19937 generate;
  id.resize(36);
  boost::uuids::to_chars(generate(), id.begin());
}

void read_media_type(std::string_view content_type, std::string& type) {
  type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
}

/// False when the target is not a path with an optional, well-formed query.
bool read_target(std::string_view target, Request& request) {
  const boost::urls::string_view text(target.data(), target.size());
  const auto parsed = target.starts_with('/') ? boost::urls::parse_origin_form(text)
                                              : boost::urls::parse_absolute_uri(text);
  if (!parsed) return false;
  request.path = parsed->path();
  for (const auto& parameter : parsed->params()) {
    request.query.emplace_back(parameter.key, parameter.value);
  }
  return true;
}

/// False when somebody else could read another host or another end of the body from this head: what
/// follows would be one thing to a proxy and another to us (RFC 9112, 3.2 and 6.3).
bool is_framing_clear(const http::request_header<>& head) {
  const bool is_old = head.version() < 11;
  const std::size_t hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && !is_old)) return false;
  if (head.count(http::field::content_length) > 1) return false;
  if (head.count(http::field::transfer_encoding) == 0) return true;
  return !is_old && head.count(http::field::transfer_encoding) == 1 &&
         beast::iequals(head[http::field::transfer_encoding], "chunked");
}

/// A handler that throws has met a defect: the caller gets a 500, the log the reason.
Response call(const Route& route, const Request& request) {
  try {
    return route.handler(request);
  } catch (const std::exception& exception) {
    log(LogLevel::error, "handler_failed",
        {{"path", std::string(route.path)},
         {"reason", exception.what()},
         {"correlationId", request.correlation_id}});
    return to_response({500, "INTERNAL_ERROR", "The request could not be answered.", ""},
                       request.correlation_id);
  }
}

/// What a client does not take for so long is dropped, also when the connection has been closed:
/// else the kernel would keep it for many minutes.
void give_up_after(Socket& socket, std::chrono::milliseconds time) {
  const auto value = static_cast<unsigned>(time.count());
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof value);
}

/// The time of an answer as HTTP writes it (RFC 9110, 5.6.7), made once a second.
class HttpDate {
 public:
  const std::string& now() {
    const std::time_t second = std::time(nullptr);
    if (second != second_) {
      second_ = second;
      std::tm parts{};
      gmtime_r(&second, &parts);
      std::array<char, 32> text{};
      const std::size_t size =
          std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
      text_.assign(text.data(), size);
    }
    return text_;
  }

 private:
  std::time_t second_ = -1;
  std::string text_;
};

/// For the owner of the process and its group, such as a proxy. A file that a killed process left
/// behind is replaced; anything else at the path stays, and is an error.
Acceptor listen_on_file(asio::io_context& context, const std::string& path) {
  using Local = asio::local::stream_protocol;
  std::error_code not_there;
  if (std::filesystem::is_socket(path, not_there)) {
    Local::socket probe(context);
    error_code error;
    probe.connect(path, error);
    if (error == asio::error::connection_refused) std::filesystem::remove(path);
  }
  asio::basic_socket_acceptor<Local, Executor> acceptor(context);
  acceptor.open();
  acceptor.bind(path);
  using std::filesystem::perms;
  std::filesystem::permissions(
      path, perms::owner_read | perms::owner_write | perms::group_read | perms::group_write);
  acceptor.listen();
  return acceptor;
}

using RequestParser = http::request_parser<http::buffer_body>;

}  // namespace

struct HttpServer::Impl {
  Impl(const Address& wanted, std::size_t network_threads);

  Awaitable<void> accept();
  std::size_t connections_max() const;
  void announce_events();

  class Session;
  /// A network thread and its connections; touched by that thread only.
  struct Lane {
    void run();

    std::set<Session*> sessions;  // outlives the connections that the context destroys
    std::set<Session*> polls;     // those that wait for events
    std::size_t awaited_submissions = 0;
    HttpDate date;
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::thread thread;
  };

  std::atomic<std::size_t> session_count{0};
  std::atomic<bool> is_draining{false};
  std::atomic<ledger::Position> announced_event{ledger::Position{}};
  std::vector<Lane> lanes;
  Acceptor acceptor;
  Address address;
  asio::thread_pool workers{2};  // for slow reads
  asio::thread_pool parsers{1};  // for large bodies
  Service* service = nullptr;
};

/// One connection. The coroutine run() owns it; stream results are written by a second coroutine.
class HttpServer::Impl::Session : public std::enable_shared_from_this<Session> {
 public:
  /// `is_surplus`: the connection is one too many and shall only be told so.
  Session(Impl& server, Lane& lane, Socket socket, bool is_surplus)
      : server_(server),
        service_(*server.service),
        lane_(lane),
        socket_(std::move(socket)),
        watchdog_(lane.context),
        changed_(lane.context),
        is_surplus_(is_surplus),
        parser_(service_.keeper().keys().numbers, service_.series()),
        buffer_(service_.limits().header_bytes_max + buffered_bytes_max) {
    ++server_.session_count;
    ++http_counters().connections;
  }
  ~Session() {
    hold(0);
    lane_.sessions.erase(this);
    --server_.session_count;
    --http_counters().connections;
  }

  /// Runs the session and keeps it alive meanwhile.
  static Awaitable<void> own(std::shared_ptr<Session> session) {
    session->lane_.sessions.insert(session.get());
    co_await session->run();
  }
  /// Ends the connection if it waits for a request.
  void close_if_idle() {
    if (is_idle_) close();
  }
  /// Has the connection look again at what it waits for.
  void wake() { changed_.cancel(); }

 private:
  Awaitable<void> run();

  // ---- time ----
  /// The next step may take this long. Moving the deadline away costs nothing: the timer re-arms
  /// itself when it fires early.
  void allow(Clock::duration duration, Clock::time_point now = Clock::now()) {
    deadline_ = now + duration;
    if (deadline_ < watchdog_.expiry()) watch();
  }
  void watch();
  void close() {
    error_code ignored;
    socket_.close(ignored);
  }

  // ---- memory ----
  /// This connection has so many bytes of a body and its answer. All connections are bounded
  /// together.
  void hold(std::size_t bytes) {
    http_counters().held_bytes += bytes - held_bytes_;  // modulo 2^64
    held_bytes_ = bytes;
  }
  bool is_memory_full() const {
    return http_counters().held_bytes > service_.limits().waiting_bytes_max;
  }
  static Problem memory_is_full() {
    return {503, "OVERLOADED", "Too many bytes of requests are waiting; send it again.", ""};
  }

  // ---- reading ----
  Awaitable<bool> read_head();
  Awaitable<error_code> parse_head();
  Awaitable<void> refuse_head(error_code error);
  Awaitable<void> refuse_connection();
  void forget_request();
  Awaitable<void> rest();
  Awaitable<std::size_t> read_some(char* data, std::size_t size);
  Awaitable<bool> read_whole_body(std::size_t bytes_max);
  Awaitable<void> discard_body();
  Awaitable<void> linger();
  bool has_body_left() const { return is_chunked_ ? !head_->is_done() : body_left_ != 0; }

  // ---- answering ----
  Awaitable<void> serve();
  Awaitable<void> serve_handler(const Route& route);
  Awaitable<Response> run_slow(const Route& route);
  Awaitable<Response> poll(const Route& route, Response nothing);
  ledger::Position newest_event() const;
  Awaitable<bool> wait_for_event(ledger::Position after, Clock::time_point deadline);
  void watch_input();
  Awaitable<void> serve_submission();
  Awaitable<void> serve_whole_submission(bool is_json, bool is_atomic);
  void append_head(const Response& response, std::string& text);
  Awaitable<void> answer(Response response);
  Awaitable<void> refuse(Problem problem);
  using ParsedItems = std::optional<std::vector<ingest::ParsedItem>>;
  ParsedItems parse_whole(bool is_json, Problem& problem);
  bool has_room(const ingest::ParsedItem& first, std::size_t items, Problem& problem);
  std::unique_ptr<HttpSubmission> make_submission(std::vector<ingest::ParsedItem> items);

  // ---- streaming ----
  Awaitable<void> serve_stream();
  Awaitable<void> read_stream();
  Awaitable<void> write_stream();
  void take_lines();
  void hold_stream();
  void submit_next();
  void finish_submission(SubmissionPtr submission);
  void fail_stream(Problem problem);

  Impl& server_;
  Service& service_;
  Lane& lane_;
  Socket socket_;
  Timer watchdog_;
  Timer changed_;
  const bool is_surplus_;
  ingest::ItemParser parser_;
  Clock::time_point deadline_;
  bool is_timed_out_ = false;
  bool is_idle_ = true;
  bool is_closing_ = false;                         // after this answer
  bool is_refused_ = false;                         // was what it sent, for now
  std::chrono::milliseconds rest_ = shortest_rest;  // after the next such answer
  bool is_input_ended_ = false;                     // seen while waiting for events

  beast::flat_buffer buffer_;
  std::size_t held_bytes_ = 0;
  std::optional<RequestParser> head_;
  Request request_;
  std::string answer_;  // memory for the next
  Clock::time_point begun_;
  bool is_chunked_ = false;
  std::uint64_t body_left_ = 0;  // of a body of known length
  bool is_body_broken_ = false;

  // Of the stream being served.
  struct Stream {
    std::string unread;        // bytes that are not a whole line yet
    bool has_lines = false;    // `unread` has whole lines
    bool is_skipping = false;  // within a line that is too long
    std::uint64_t bytes = 0;
    std::uint64_t next_index = 0;
    std::vector<ingest::ParsedItem> parsed;  // not submitted yet
    std::string sender;         // of all its submissions, so that they keep their order
    std::size_t in_flight = 0;  // submissions
    bool is_queue_full = false;
    bool is_read = false;     // the whole body
    bool is_writing = false;  // the head of the answer has been sent
    bool is_broken = false;   // the client cannot be written to
    bool is_written = false;  // write_stream() has ended
    std::string results;      // to be written
    std::optional<Problem> problem;
  };
  Stream stream_;
};

// ---- time ----

void HttpServer::Impl::Session::watch() {
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

// ---- reading ----

Awaitable<void> HttpServer::Impl::Session::run() {
  allow(service_.limits().idle_timeout);
  watch();
  try {
    if (is_surplus_) co_await refuse_connection();
    while (!is_closing_ && socket_.is_open()) {
      const bool has_request = co_await read_head();
      if (!has_request) break;
      co_await serve();
      forget_request();
      hold(0);
      if (!is_refused_) rest_ = shortest_rest;
      if (is_refused_ && !is_closing_) co_await rest();
      if (has_body_left() && !is_closing_) co_await discard_body();
      if (server_.is_draining) is_closing_ = true;
    }
    if (socket_.is_open()) co_await linger();
  } catch (const std::exception& exception) {
    // A connection must not take the process with it; what it was doing is in the log.
    log(LogLevel::error, "connection_failed", {{"reason", exception.what()}});
  }
  close();
  watchdog_.cancel();
}

/// The next is likely to be as long: what is small need not be allocated again.
void HttpServer::Impl::Session::forget_request() {
  request_.method.clear();
  request_.query.clear();
  request_.body.clear();
  if (request_.body.capacity() > kept_bytes_max) request_.body.shrink_to_fit();
}

Awaitable<void> HttpServer::Impl::Session::rest() {
  is_refused_ = false;
  allow(service_.limits().slow_timeout);
  Timer pause(lane_.context, jittered(std::exchange(rest_, std::min(2 * rest_, longest_rest))));
  co_await pause.async_wait(awaited);
}

Awaitable<bool> HttpServer::Impl::Session::read_head() {
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
  const auto& message = head_->get();
  is_closing_ = !message.keep_alive();
  request_.method = message.method_string();
  read_media_type(message[http::field::content_type], request_.content_type);
  const std::string_view correlation_id = message["Correlation-Id"];
  if (is_uuid(correlation_id)) {
    request_.correlation_id = correlation_id;
  } else {
    make_correlation_id(request_.correlation_id);
  }
  // Without tokens every caller has every role.
  request_.caller.name = "anonymous";
  request_.caller.is_operator = true;
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
Awaitable<error_code> HttpServer::Impl::Session::parse_head() {
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

Awaitable<void> HttpServer::Impl::Session::refuse_head(error_code error) {
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

/// Answers before any request: linger() then reads that away.
Awaitable<void> HttpServer::Impl::Session::refuse_connection() {
  is_closing_ = true;
  is_idle_ = false;
  begun_ = Clock::now();
  make_correlation_id(request_.correlation_id);
  Problem problem{503, "OVERLOADED", "Too many connections are open; try again.", ""};
  co_await refuse(std::move(problem));
}

/// Reads a piece of the body; 0 at its end, or when it is broken off (is_body_broken_).
Awaitable<std::size_t> HttpServer::Impl::Session::read_some(char* data, std::size_t size) {
  if (!is_chunked_) {
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, body_left_));
    if (size == 0) co_return 0;
    std::size_t got = 0;
    if (buffer_.size() != 0) {
      got = asio::buffer_copy(asio::buffer(data, size), buffer_.data());
      buffer_.consume(got);
    } else {
      allow(service_.limits().slow_timeout);
      auto [error, read] = co_await socket_.async_read_some(asio::buffer(data, size), awaited);
      if (error) is_body_broken_ = true;
      got = error ? 0 : read;
    }
    body_left_ -= got;
    co_return got;
  }
  allow(service_.limits().slow_timeout);
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

/// Into request_.body, with the padding that parsing needs. False when a problem has been answered.
Awaitable<bool> HttpServer::Impl::Session::read_whole_body(std::size_t bytes_max) {
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
    Problem problem{
        413, "TOO_LARGE",
        "The body is larger than " + std::to_string(bytes_max) + " bytes; split the request.", ""};
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

/// After an answer that did not need the body: reads it away if it is small, else closes.
Awaitable<void> HttpServer::Impl::Session::discard_body() {
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

/// Closes so that the answer arrives: a socket closed with unread bytes would reset the connection.
Awaitable<void> HttpServer::Impl::Session::linger() {
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

// ---- answering ----

/// Status line and fields.
void HttpServer::Impl::Session::append_head(const Response& response, std::string& text) {
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

Awaitable<void> HttpServer::Impl::Session::answer(Response response) {
  if (response.reflected && !response.reflected->is_durable(response.reflects)) {
    const ledger::Position next{response.reflects.value() + 1};
    auto [error] = co_await async_wait_durable(*response.reflected, lane_.context, next, awaited);
    if (error) response = to_response(problem_of(error), request_.correlation_id);
  }
  response.reflected.reset();
  if (server_.is_draining) is_closing_ = true;
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
  if (!error && sent != text.size()) {
    allow(service_.limits().slow_timeout);
    const asio::const_buffer rest = asio::buffer(text) + sent;
    auto [failed, size] = co_await asio::async_write(socket_, rest, awaited);
    error = failed;
  }
  if (error) close();
  if (text.capacity() <= kept_bytes_max) answer_ = std::move(text);
  const std::chrono::duration<double> taken = Clock::now() - begun_;
  http_counters().count_response(response.status, taken.count());
}

Awaitable<void> HttpServer::Impl::Session::refuse(Problem problem) {
  Response response = to_response(problem, request_.correlation_id);
  co_await answer(std::move(response));
}

Awaitable<void> HttpServer::Impl::Session::serve() {
  const std::string_view target = head_->get().target();
  Problem problem;
  if (!read_target(target, request_)) {
    problem = {400, "MALFORMED_REQUEST", "The request target is not a well-formed path.", ""};
    co_await refuse(std::move(problem));
    co_return;
  }
  const Router::Match match = service_.router().find(request_.method, request_.path);
  if (match.route == nullptr) {
    problem = {404, "NOT_FOUND", "There is nothing here; see /openapi.yaml.", ""};
    if (!match.allowed.empty()) {
      problem = {405, "METHOD_NOT_ALLOWED", "Only " + match.allowed + " is allowed here.", ""};
    }
    Response response = to_response(problem, request_.correlation_id);
    if (!match.allowed.empty()) response.headers.emplace_back("Allow", match.allowed);
    co_await answer(std::move(response));
    co_return;
  }
  request_.path_parameter = match.path_parameter;
  const std::string_view expect = head_->get()[http::field::expect];
  if (beast::iequals({expect.data(), expect.size()}, "100-continue") &&
      body_left_ <= match.route->body_bytes_max) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(socket_, asio::buffer(go_on), awaited);
  }
  if (match.route->kind == RouteKind::submission) {
    co_await serve_submission();
  } else {
    co_await serve_handler(*match.route);
  }
}

Awaitable<void> HttpServer::Impl::Session::serve_handler(const Route& route) {
  if (route.body_bytes_max != 0) {
    if (request_.content_type != route.media_type) {
      Problem problem{415, "UNSUPPORTED_MEDIA_TYPE", "Send " + std::string(route.media_type) + ".",
                      ""};
      co_await refuse(std::move(problem));
      co_return;
    }
    const bool is_read = co_await read_whole_body(route.body_bytes_max);
    if (!is_read) co_return;
  }
  Response response;
  if (route.kind == RouteKind::quick) {
    response = call(route, request_);
  } else {
    response = co_await run_slow(route);
  }
  if (response.again_after) response = co_await poll(route, std::move(response));
  co_await answer(std::move(response));
}

Awaitable<Response> HttpServer::Impl::Session::run_slow(const Route& route) {
  std::function<Response()> work = [this, &route] { return call(route, request_); };
  co_return co_await run_on(server_.workers, lane_.context, std::move(work));
}

// ---- long polls ----
//
// A poll that finds nothing waits on its network thread and holds nothing but its connection. After
// each commit group that may have brought events, announce_events() wakes all that wait.

/// Calls the handler again whenever there are events that it has not seen, until it has an answer
/// or the time is over.
Awaitable<Response> HttpServer::Impl::Session::poll(const Route& route, Response nothing) {
  const Clock::time_point begin = Clock::now();
  const Clock::time_point deadline = begin + nothing.wait;
  Response response = std::move(nothing);
  while (response.again_after) {
    const ledger::Position after = *response.again_after;
    const bool has_event = co_await wait_for_event(after, deadline);
    if (!has_event) break;
    // The event may be newer than the item waited for here: then the handler names it.
    const ledger::Position next{after.value() + 2};
    auto open = service_.keeper().lease();
    error_code error = make_error_code(ledger::Errc::store_unavailable);
    if (open && open->shard().state().newest_event() <= after) {
      error = {};  // another ledger than the one that had the event, opened after a fault
    } else if (open) {
      auto [waited] = co_await async_wait_durable(*open, lane_.context, next, awaited);
      error = waited;
      open.reset();
    }
    if (error) {
      response = to_response(problem_of(error), request_.correlation_id);
    } else {
      response = co_await run_slow(route);
    }
  }
  begun_ += Clock::now() - begin;  // waiting is no slowness: keep it out of the latencies
  co_return response;
}

/// Zero while the ledger is closed.
ledger::Position HttpServer::Impl::Session::newest_event() const {
  const auto open = service_.keeper().lease();
  return open ? open->shard().state().newest_event() : ledger::Position{};
}

/// True when an item after this one has brought an event, durable or not. False at the deadline,
/// when too many wait, when the service stops, and when the client sends nothing more: it has gone,
/// or waits for the last answer.
Awaitable<bool> HttpServer::Impl::Session::wait_for_event(ledger::Position after,
                                                          Clock::time_point deadline) {
  std::atomic<std::uint64_t>& waiting = http_counters().waiting_polls;
  if (waiting >= service_.limits().waiting_polls_max) co_return newest_event() > after;
  ++waiting;
  lane_.polls.insert(this);
  watch_input();
  allow(deadline - Clock::now() + service_.limits().slow_timeout);
  while (newest_event() <= after && Clock::now() < deadline && !server_.is_draining &&
         !is_input_ended_) {
    changed_.expires_at(deadline);
    co_await changed_.async_wait(awaited);
  }
  error_code ignored;
  socket_.cancel(ignored);
  lane_.polls.erase(this);
  --waiting;
  co_return newest_event() > after;
}

/// Notices the end of the client's input until the socket's operations are cancelled. A client that
/// sends its next request meanwhile is alive, and not watched any more.
void HttpServer::Impl::Session::watch_input() {
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

Awaitable<void> HttpServer::Impl::Session::serve_submission() {
  const bool is_json = request_.content_type == "application/json";
  Problem problem;
  if (!is_json && request_.content_type != "application/x-ndjson") {
    problem = {415, "UNSUPPORTED_MEDIA_TYPE",
               "Send application/json (an item or an array) or application/x-ndjson (an item a "
               "line).",
               ""};
    co_await refuse(std::move(problem));
    co_return;
  }
  const std::string* const atomic = request_.query_value("atomic");
  if (atomic != nullptr && *atomic != "true" && *atomic != "false") {
    problem = {400, "MALFORMED_REQUEST", "`atomic` must be true or false.", "atomic"};
    co_await refuse(std::move(problem));
    co_return;
  }
  const bool is_atomic = atomic != nullptr && *atomic == "true";
  const std::string* const trust = request_.query_value("trustReceivedTime");
  if (trust != nullptr && *trust != "true" && *trust != "false") {
    problem = {400, "MALFORMED_REQUEST", "`trustReceivedTime` must be true or false.",
               "trustReceivedTime"};
    co_await refuse(std::move(problem));
    co_return;
  }
  if (trust != nullptr && *trust == "false") request_.caller.is_operator = false;
  const bool is_small = !is_chunked_ && body_left_ <= whole_body_bytes_max;
  // A stream is answered in chunks, which came with HTTP/1.1.
  const bool is_old = head_->get().version() < 11;
  if (is_json || is_atomic || is_small || is_old) {
    co_await serve_whole_submission(is_json, is_atomic);
    co_return;
  }
  if (body_left_ > service_.limits().ndjson_body_bytes_max) {
    is_closing_ = true;
    problem = {413, "TOO_LARGE",
               "The body is larger than " +
                   std::to_string(service_.limits().ndjson_body_bytes_max) +
                   " bytes; split the request.",
               ""};
    co_await refuse(std::move(problem));
    co_return;
  }
  co_await serve_stream();
}

/// Whether the first of the items may come in; asked before the others are parsed, because a flood
/// shall be refused at no more than the price of reading it.
bool HttpServer::Impl::Session::has_room(const ingest::ParsedItem& first, std::size_t items,
                                         Problem& problem) {
  const auto checked = check_room(service_.keeper(), sender_of(first),
                                  std::clamp(items, 1UL, ingest::group_items_max));
  if (!checked) problem = problem_of(checked.error());
  return checked.has_value();
}

HttpServer::Impl::Session::ParsedItems HttpServer::Impl::Session::parse_whole(bool is_json,
                                                                              Problem& problem) {
  const std::string_view body = request_.body;
  const ledger::Instant received = ingest::now();
  const std::size_t items_max = service_.limits().body_items_max;
  const Problem too_many{
      413, "TOO_LARGE",
      "More than " + std::to_string(items_max) + " items in a body; split the request.", ""};
  std::vector<ingest::ParsedItem> items;
  if (is_json) {
    std::vector<std::string_view> elements;
    if (!ingest::split_json(body, elements)) {
      problem = {400, "MALFORMED_REQUEST", "The body is not a JSON object or array.", ""};
      return std::nullopt;
    }
    if (elements.size() > items_max) {
      problem = too_many;
      return std::nullopt;
    }
    items.reserve(elements.size());
    for (const std::string_view element : elements) {
      items.push_back(parser_.parse(element, request_.caller, received));
      const bool is_first = items.size() == 1 && elements.size() > 1;
      if (is_first && !has_room(items.front(), elements.size(), problem)) return std::nullopt;
    }
    return items;
  }
  items.reserve(std::min(body.size() / 200 + 1, items_max));
  for (std::size_t begin = 0; begin < body.size();) {
    const std::size_t end = std::min(body.find('\n', begin), body.size());
    const std::string_view line = body.substr(begin, end - begin);
    begin = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (items.size() == items_max) {
      problem = too_many;
      return std::nullopt;
    }
    items.push_back(parser_.parse(line, request_.caller, received));
    if (items.size() == 1) {
      const auto line_ends = std::count(body.begin(), body.end(), '\n');
      if (!has_room(items.front(), static_cast<std::size_t>(line_ends), problem)) {
        return std::nullopt;
      }
    }
  }
  return items;
}

std::unique_ptr<HttpSubmission> HttpServer::Impl::Session::make_submission(
    std::vector<ingest::ParsedItem> items) {
  auto submission = std::make_unique<HttpSubmission>();
  submission->context = &lane_.context;
  submission->correlation_id = request_.correlation_id;
  submission->caller = request_.caller;
  submission->items = std::move(items);
  submission->make_room();
  if (!submission->items.empty()) submission->sender = sender_of(submission->items.front());
  return submission;
}

Awaitable<void> HttpServer::Impl::Session::serve_whole_submission(bool is_json, bool is_atomic) {
  const bool is_read = co_await read_whole_body(service_.limits().json_body_bytes_max);
  if (!is_read) co_return;
  Problem problem;
  ParsedItems parsed;
  if (request_.body.size() <= quick_body_bytes_max) {
    parsed = parse_whole(is_json, problem);
  } else {
    std::function<ParsedItems()> parse = [this, is_json, &problem] {
      return parse_whole(is_json, problem);
    };
    parsed = co_await run_on(server_.parsers, lane_.context, std::move(parse));
  }
  if (parsed && is_atomic && parsed->size() > ingest::group_items_max) {
    problem = {
        413, "TOO_LARGE",
        "All or nothing holds for at most " + std::to_string(ingest::group_items_max) + " items.",
        "atomic"};
    parsed.reset();
  }
  if (!parsed) {
    co_await refuse(std::move(problem));
    co_return;
  }
  std::string results;
  std::string receipts;
  const std::size_t count = parsed->size();
  for (std::size_t first = 0; first < count; first += ingest::group_items_max) {
    const std::size_t end = std::min(count, first + ingest::group_items_max);
    std::vector<ingest::ParsedItem> part;
    if (first == 0 && end == count) {
      part = std::move(*parsed);
    } else {
      part.assign(std::make_move_iterator(parsed->begin() + static_cast<std::ptrdiff_t>(first)),
                  std::make_move_iterator(parsed->begin() + static_cast<std::ptrdiff_t>(end)));
    }
    auto submission = make_submission(std::move(part));
    submission->first_index = first;
    submission->is_atomic = is_atomic;
    ++lane_.awaited_submissions;
    auto [reply] = co_await async_submit(service_.keeper(), std::move(submission), awaited);
    // Once the beginning is committed, the rest waits for its turn: 429 says that nothing was.
    while (first != 0 && is_overload(reply->error)) {
      allow(service_.limits().slow_timeout);
      Timer pause(lane_.context, queue_full_pause);
      co_await pause.async_wait(awaited);
      std::unique_ptr<HttpSubmission> again(static_cast<HttpSubmission*>(reply.release()));
      again->error = {};
      auto [answered] = co_await async_submit(service_.keeper(), std::move(again), awaited);
      reply = std::move(answered);
    }
    --lane_.awaited_submissions;
    if (reply->error) {
      problem = problem_of(reply->error);
      co_await refuse(std::move(problem));
      co_return;
    }
    if (first == 0) {
      results = std::move(reply->results);
    } else {
      results += reply->results;
    }
    if (is_json) {
      if (!receipts.empty()) receipts += ',';
      append_receipt(receipts, *reply);
    } else {
      append_receipt(results, *reply);
      results += '\n';
    }
  }
  Response response;
  if (is_json) {
    std::replace(results.begin(), results.end(), '\n', ',');
    if (!results.empty()) results.pop_back();
    response.body.reserve(results.size() + receipts.size() + 32);
    response.body.append("{\"results\":[").append(results);
    response.body.append("],\"receipts\":[").append(receipts).append("]}");
  } else {
    response.content_type = "application/x-ndjson";
    response.body = std::move(results);
  }
  co_await answer(std::move(response));
}

// ---- streaming ----
//
// read_stream() reads lines and keeps one submission on the way; finish_submission() takes its
// results and sends the next; write_stream() sends what there is. All on one thread; each waits on
// `changed_` for the others. Its time is set once: setting it wakes whoever waits, for nothing.

Awaitable<void> HttpServer::Impl::Session::serve_stream() {
  stream_ = Stream();
  changed_.expires_at(Clock::time_point::max());
  // Ends before this coroutine does: see the loop below.
  asio::co_spawn(lane_.context, write_stream(), asio::detached);
  co_await read_stream();
  stream_.is_read = true;
  changed_.cancel();
  while (!stream_.is_written) {
    co_await changed_.async_wait(awaited);
  }
  const bool is_refused = stream_.problem && !stream_.is_writing;
  if (is_refused) {
    is_closing_ = true;
    Problem problem = *stream_.problem;
    co_await refuse(std::move(problem));
  }
  if (stream_.problem || stream_.is_broken) is_closing_ = true;
  stream_ = Stream();
}

Awaitable<void> HttpServer::Impl::Session::read_stream() {
  std::size_t piece = first_piece_bytes;
  bool is_at_end = false;
  while (!stream_.is_broken && !stream_.problem) {
    const bool is_full = stream_.parsed.size() >= ingest::group_items_max ||
                         stream_.results.size() > waiting_result_bytes_max;
    if (stream_.has_lines && !is_full) {
      take_lines();
      submit_next();
      continue;
    }
    const bool has_work = !stream_.parsed.empty() || stream_.in_flight != 0;
    if (is_at_end && !has_work && !stream_.has_lines) co_return;
    if (is_at_end || is_full) {
      // The queue is asked again after a pause; everything else wakes us.
      if (stream_.is_queue_full) {
        allow(service_.limits().slow_timeout);
        Timer pause(lane_.context, queue_full_pause);
        co_await pause.async_wait(awaited);
      } else {
        co_await changed_.async_wait(awaited);
      }
      if (is_timed_out_) stream_.is_broken = true;
      submit_next();
      continue;
    }
    const std::size_t filled = stream_.unread.size();
    stream_.unread.reserve(filled + piece + ingest::ItemParser::padding_bytes);
    stream_.unread.resize(filled + piece);
    const std::size_t got = co_await read_some(stream_.unread.data() + filled, piece);
    stream_.unread.resize(filled + got);
    piece = std::clamp(4 * got, first_piece_bytes, piece_bytes);
    stream_.bytes += got;
    if (is_body_broken_) {
      Problem problem{400, "MALFORMED_REQUEST", "The body broke off.", ""};
      if (is_timed_out_) problem = {408, "REQUEST_TIMEOUT", "The body came too slowly.", ""};
      fail_stream(std::move(problem));
      break;
    }
    if (stream_.bytes > service_.limits().ndjson_body_bytes_max) {
      Problem problem{413, "TOO_LARGE", "The body is too large; split the request.", ""};
      fail_stream(std::move(problem));
      break;
    }
    is_at_end = got == 0;
    if (is_at_end && !stream_.unread.empty()) stream_.unread += '\n';
    take_lines();
    submit_next();
    hold_stream();
    if (is_memory_full() && !is_at_end) {
      Problem problem = memory_is_full();
      fail_stream(std::move(problem));
    }
  }
  // Lines on the way still get their answer.
  while (stream_.in_flight != 0) {
    co_await changed_.async_wait(awaited);
  }
}

/// Parses whole lines in `unread` until there is a group of them; says whether more are left.
void HttpServer::Impl::Session::take_lines() {
  const ledger::Instant received = ingest::now();
  const std::string_view bytes = stream_.unread;
  std::size_t begin = 0;
  std::size_t end = bytes.find('\n');
  for (; end != std::string_view::npos && stream_.parsed.size() < ingest::group_items_max;
       end = bytes.find('\n', begin)) {
    const std::string_view line = bytes.substr(begin, end - begin);
    begin = end + 1;
    if (stream_.is_skipping) {
      stream_.is_skipping = false;
      continue;
    }
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    stream_.parsed.push_back(parser_.parse(line, request_.caller, received));
  }
  stream_.has_lines = end != std::string_view::npos;
  const std::size_t rest = bytes.size() - begin;
  if (stream_.has_lines) {
    // The rest waits as it came: parsed, it would be many times larger.
  } else if (stream_.is_skipping) {
    begin += rest;
  } else if (rest > ingest::ItemParser::text_bytes_max) {
    // Already too long: it gets its verdict, and the rest of it is not kept.
    stream_.parsed.push_back(parser_.parse(bytes.substr(begin), request_.caller, received));
    stream_.is_skipping = true;
    begin += rest;
  }
  stream_.unread.erase(0, begin);
}

void HttpServer::Impl::Session::hold_stream() {
  hold(stream_.unread.size() + stream_.parsed.size() * sizeof(ingest::ParsedItem) +
       stream_.results.size());
}

void HttpServer::Impl::Session::submit_next() {
  if (stream_.parsed.empty() || stream_.problem) return;
  // One group is built while the one before it is synced; what comes slowly is sent as it comes.
  const bool is_whole_group = stream_.parsed.size() >= ingest::group_items_max;
  if (stream_.in_flight >= (is_whole_group ? 2U : 1U)) return;
  if (stream_.sender.empty()) stream_.sender = sender_of(stream_.parsed.front());
  const std::size_t count = std::min(stream_.parsed.size(), ingest::group_items_max);
  const auto checked = check_room(service_.keeper(), stream_.sender, count);
  stream_.is_queue_full = !checked && is_overload(checked.error());
  if (stream_.is_queue_full) return;
  std::vector<ingest::ParsedItem> items;
  if (count == stream_.parsed.size()) {
    items.swap(stream_.parsed);
  } else {
    const auto end = stream_.parsed.begin() + static_cast<std::ptrdiff_t>(count);
    items.assign(std::make_move_iterator(stream_.parsed.begin()), std::make_move_iterator(end));
    stream_.parsed.erase(stream_.parsed.begin(), end);
  }
  auto submission = make_submission(std::move(items));
  submission->first_index = stream_.next_index;
  submission->sender = stream_.sender;
  submission->handler = [self = shared_from_this()](SubmissionPtr reply) {
    self->finish_submission(std::move(reply));
  };
  stream_.next_index += count;
  ++stream_.in_flight;
  SubmissionPtr base = std::move(submission);
  const auto submitted = submit(service_.keeper(), base);
  if (submitted) return;
  // At once, so that nothing of this stream is submitted in between.
  base->error = submitted.error();
  finish_submission(std::move(base));
}

void HttpServer::Impl::Session::finish_submission(SubmissionPtr submission) {
  --stream_.in_flight;
  if (is_overload(submission->error)) {
    // Not taken: it goes back to the front and is tried again, while nothing more is read.
    stream_.is_queue_full = true;
    stream_.next_index -= submission->items.size();
    stream_.parsed.insert(stream_.parsed.begin(),
                          std::make_move_iterator(submission->items.begin()),
                          std::make_move_iterator(submission->items.end()));
    allow(service_.limits().slow_timeout);
  } else if (submission->error) {
    fail_stream(problem_of(submission->error));
  } else {
    stream_.results += submission->results;
    append_receipt(stream_.results, *submission);
    stream_.results += '\n';
    allow(service_.limits().slow_timeout);
    submit_next();
    hold_stream();
  }
  changed_.cancel();
}

void HttpServer::Impl::Session::fail_stream(Problem problem) {
  if (!stream_.problem) stream_.problem = std::move(problem);
}

Awaitable<void> HttpServer::Impl::Session::write_stream() {
  http::response<http::empty_body> message(http::status::ok, 11);
  message.set(http::field::date, lane_.date.now());
  message.set(http::field::content_type, "application/x-ndjson");
  message.set("Correlation-Id", request_.correlation_id);
  message.chunked(true);
  http::response_serializer<http::empty_body> serializer(message);
  while (!stream_.is_broken) {
    if (stream_.results.empty()) {
      if (stream_.is_read) break;
      co_await changed_.async_wait(awaited);
      continue;
    }
    if (!stream_.is_writing) {
      stream_.is_writing = true;
      auto [error, size] = co_await http::async_write_header(socket_, serializer, awaited);
      if (error) stream_.is_broken = true;
    }
    std::string piece;
    piece.swap(stream_.results);
    const auto chunk = http::make_chunk(asio::buffer(piece));
    auto [error, size] = co_await asio::async_write(socket_, chunk, awaited);
    if (error) stream_.is_broken = true;
    allow(service_.limits().slow_timeout);
    changed_.cancel();
  }
  const bool is_refused_whole = stream_.problem && !stream_.is_writing;
  if (!stream_.is_broken && !is_refused_whole) {
    if (!stream_.is_writing) {
      stream_.is_writing = true;
      auto [error, size] = co_await http::async_write_header(socket_, serializer, awaited);
      if (error) stream_.is_broken = true;
    }
    std::string last;
    if (stream_.problem) last = problem_json(*stream_.problem, request_.correlation_id) + '\n';
    if (!last.empty()) {
      const auto chunk = http::make_chunk(asio::buffer(last));
      auto [error, size] = co_await asio::async_write(socket_, chunk, awaited);
      if (error) stream_.is_broken = true;
    }
    const auto end = http::make_chunk_last();
    auto [error, size] = co_await asio::async_write(socket_, end, awaited);
    if (error) stream_.is_broken = true;
    const std::chrono::duration<double> taken = Clock::now() - begun_;
    http_counters().count_response(200, taken.count());
  }
  stream_.is_written = true;
  changed_.cancel();
}

// ---- the server ----

/// Before the thread sleeps it lets others run once and looks again: to be woken costs more than a
/// query. Not while it waits for a commit group, whose thread can use the processor.
void HttpServer::Impl::Lane::run() {
  while (!context.stopped()) {
    if (context.poll() != 0) continue;
    if (awaited_submissions == 0) {
      std::this_thread::yield();
      if (context.poll() != 0) continue;
    }
    context.run_one();
  }
}

HttpServer::Impl::Impl(const Address& wanted, std::size_t network_threads)
    : lanes(network_threads), acceptor(lanes.front().context), address(wanted) {
  asio::io_context& context = lanes.front().context;
  try {
    if (!address.socket_file.empty()) {
      acceptor = listen_on_file(context, address.socket_file);
      return;
    }
    const tcp::endpoint endpoint(asio::ip::make_address(address.host), address.port);
    asio::basic_socket_acceptor<tcp, Executor> opened(context, endpoint);
    address.port = opened.local_endpoint().port();
    acceptor = std::move(opened);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot listen on " + address.name() + ": " + error.code().message());
  }
}

/// The configured number, as far as there are file descriptors: the ledger must be able to open its
/// files however many connections there are.
std::size_t HttpServer::Impl::connections_max() const {
  const std::size_t configured = service->limits().connections_max;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return configured;
  const rlim_t reserved = std::min<rlim_t>(reserved_files, limit.rlim_cur / 2);
  return static_cast<std::size_t>(std::min<rlim_t>(configured, limit.rlim_cur - reserved));
}

Awaitable<void> HttpServer::Impl::accept() {
  for (std::size_t turn = 0; acceptor.is_open(); ++turn) {
    Lane& lane = lanes[turn % lanes.size()];
    Socket socket(lane.context);
    auto [error] = co_await acceptor.async_accept(socket, awaited);
    if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
    if (error) {
      // Out of file descriptors, most likely: wait for connections to end.
      log(LogLevel::warning, "accept_failed", {{"reason", error.message()}});
      Timer pause(lanes.front().context);
      pause.expires_after(std::chrono::milliseconds{100});
      co_await pause.async_wait(awaited);
      continue;
    }
    ++http_counters().connections_total;
    const std::size_t allowed = connections_max();
    const bool is_surplus = session_count >= allowed;
    if (is_surplus) {
      ++http_counters().refused_connections_total;
      if (session_count >= allowed + surplus_connections_max) continue;
    }
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.non_blocking(true, ignored);
    give_up_after(socket, service->limits().slow_timeout);
    // Made here, so that it is counted before the next connection is.
    auto session = std::make_shared<Session>(*this, lane, std::move(socket), is_surplus);
    asio::co_spawn(lane.context, Session::own(std::move(session)), asio::detached);
  }
}

/// From the committing thread, after a commit group. One wake-up for each network thread, and only
/// when something has happened to a card or refund since the last.
void HttpServer::Impl::announce_events() {
  const auto open = service->keeper().lease();
  if (!open) return;
  const ledger::Position newest = open->shard().state().newest_event();
  if (announced_event.exchange(newest) == newest) return;
  for (Lane& lane : lanes) {
    asio::post(lane.context, [&polls = lane.polls] {
      for (Session* const session : polls) session->wake();
    });
  }
}

HttpServer::HttpServer(const Address& address, std::size_t network_threads)
    : impl_(std::make_unique<Impl>(address, network_threads)) {
  // Every connection is a file descriptor.
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

HttpServer::~HttpServer() { stop(); }

const Address& HttpServer::address() const { return impl_->address; }

void HttpServer::deliver(std::vector<SubmissionPtr> submissions) {
  // One wake-up for each network thread and group, however many connections wait.
  std::vector<std::vector<SubmissionPtr>> by_lane(impl_->lanes.size());
  for (SubmissionPtr& submission : submissions) {
    const auto& waiting = static_cast<HttpSubmission&>(*submission);
    for (std::size_t i = 0; i < impl_->lanes.size(); ++i) {
      if (waiting.context == &impl_->lanes[i].context) {
        by_lane[i].push_back(std::move(submission));
        break;
      }
    }
  }
  for (std::size_t i = 0; i < by_lane.size(); ++i) {
    if (by_lane[i].empty()) continue;
    asio::post(impl_->lanes[i].context, [delivered = std::move(by_lane[i])]() mutable {
      for (SubmissionPtr& submission : delivered) {
        auto complete = std::move(static_cast<HttpSubmission&>(*submission).handler);
        complete(std::move(submission));
      }
    });
  }
  impl_->announce_events();
}

void HttpServer::start(Service& service) {
  impl_->service = &service;
  asio::co_spawn(impl_->lanes.front().context, impl_->accept(), asio::detached);
  for (Impl::Lane& lane : impl_->lanes) {
    lane.thread = std::thread([&lane] { lane.run(); });
  }
}

void HttpServer::stop() {
  if (impl_->is_draining.exchange(true)) return;
  // First, so that it cannot be the file of a server that follows this one.
  std::error_code not_there;
  std::filesystem::remove(impl_->address.socket_file, not_there);
  asio::post(impl_->lanes.front().context, [impl = impl_.get()] {
    error_code ignored;
    impl->acceptor.close(ignored);
  });
  for (Impl::Lane& lane : impl_->lanes) {
    asio::post(lane.context, [&lane] {
      for (Impl::Session* const session : lane.sessions) session->close_if_idle();
      for (Impl::Session* const session : lane.polls) session->wake();
    });
  }
  const auto deadline =
      Clock::now() + (impl_->service == nullptr ? std::chrono::seconds{0}
                                                : impl_->service->limits().drain_timeout);
  while (impl_->session_count != 0 && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  impl_->parsers.join();
  impl_->workers.join();
  for (Impl::Lane& lane : impl_->lanes) lane.context.stop();
  for (Impl::Lane& lane : impl_->lanes) {
    if (lane.thread.joinable()) lane.thread.join();
  }
}

}  // namespace api
