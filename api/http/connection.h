#pragma once

#include <array>
#include <boost/beast/core/buffers_suffix.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/http/chunk_decoder.h"
#include "api/http/client_wait.h"
#include "api/http/gzip_decoder.h"
#include "api/http/http_counters.h"
#include "api/http/http_message.h"
#include "api/http/network.h"
#include "api/http/problem.h"
#include "api/http/transport.h"
#include "api/identity/gate.h"

namespace api {

struct ForeignSurface;

/// A body is read into this much at first, then into more as it comes: a client that sends nothing
/// shall cost nothing.
constexpr std::size_t first_piece_bytes = 16U << 10;
/// At most this much of a body is read at a time.
constexpr std::size_t piece_bytes = 256U << 10;
/// What is read and thrown away so that a client gets its answer before the connection closes.
constexpr std::size_t discarded_bytes_max = 4U << 20;

/// One connection of a client: reads requests and writes answers, one after the other, within the
/// limits of time and memory. What is answered is the business of run_session().
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// Counts as a connection from now on.
  Connection(Network& network, Lane& lane, Socket socket, const TlsContext& tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// On its network thread, before anything else: takes its place there, and the time begins.
  void begin();

  Network& network() { return network_; }
  const HttpLimits& limits() const { return network_.limits; }
  const Gate& gate() const { return *network_.gate; }
  Lane& lane() { return lane_; }
  Transport& transport() { return transport_; }
  bool is_open() const { return transport_.is_open(); }
  /// What a coroutine of this connection waits on for another one, or for events. Cancelled by
  /// wake(), and when the time is over.
  Timer& changed() { return changed_; }
  /// Wakes the coroutines that wait on changed(): they look again.
  void wake() { changed_.cancel(); }

  /// Agrees on keys with a client that uses TLS; false when that fails, and the connection is
  /// closed.
  Awaitable<bool> secure();

  // ---- time ----
  /// The next step may take this long; when it is over, what is waited for fails and is_timed_out()
  /// is true. Moving the deadline away costs nothing: the timer re-arms itself when it fires early.
  void allow(Clock::duration duration, Clock::time_point now = Clock::now()) {
    deadline_ = now + duration;
    if (deadline_ < watchdog_.expiry()) watch();
  }
  /// The next piece of an answer, or another step of that size.
  void allow_a_piece() { allow(limits().slow_timeout); }
  /// The next step is not the client's, and takes what it takes.
  void allow_any_time() { deadline_ = Clock::time_point::max(); }
  bool is_timed_out() const { return is_timed_out_; }

  // ---- memory ----
  /// This connection has so many bytes of a body and its answer. All connections are bounded
  /// together.
  void hold(std::size_t bytes) {
    if (gzip_) bytes += GzipDecoder::memory_bytes;
    http_counters().held_bytes += bytes - held_bytes_;  // modulo 2^64
    held_bytes_ = bytes;
  }
  bool is_memory_full() const { return http_counters().held_bytes > limits().waiting_bytes_max; }
  static Problem memory_is_full() {
    return {503, "OVERLOADED", "Too many bytes of requests are waiting; send it again.", ""};
  }

  // ---- requests ----
  /// False when there is none any more, or none that can be understood; that has been answered.
  Awaitable<bool> read_head();
  Request& request() { return request_; }
  std::string_view target() const { return head_->get().target(); }
  /// What the request is for whoever judges whether it may be. Refers to the head.
  Visit visit() const;
  /// HTTP/1.0, which has no chunks.
  bool is_old() const { return head_->get().version() < 11; }
  /// The size of the body is not told, or is that of what it was packed into.
  bool has_unknown_size() const { return is_chunked_ || gzip_; }
  /// From now on what is read of the body is what was packed. Before anything of it is read.
  void unpack_body() {
    gzip_ = std::make_unique<GzipDecoder>();
    is_unpacked_ = false;
  }
  /// Bytes to come, of a body of known length, as it was packed.
  std::uint64_t body_left() const { return body_left_; }
  bool has_body_left() const { return gzip_ ? !is_unpacked_ : has_sent_body_left(); }
  /// Reads a piece of the body; 0 at its end, or when it is broken off. The client may make us wait
  /// as long as for any piece, and in all not much longer for few bytes. A client that asked
  /// whether to send the body is told so by the first call. A client that was refused before is not
  /// told.
  Awaitable<std::size_t> read_some(char* data, std::size_t size) {
    return gzip_ ? read_packed(data, size) : read_sent(data, size);
  }
  /// The same of the body as it was packed.
  bool has_sent_body_left() const { return is_chunked_ ? !chunks_.is_done() : body_left_ != 0; }
  Awaitable<std::size_t> read_sent(char* data, std::size_t size);
  /// What came was worth the wait: the time in all begins anew.
  void forgive_waiting() { body_wait_.forgive(); }
  bool is_body_broken() const { return is_body_broken_; }
  /// Why it is broken.
  Problem body_problem() const;
  /// Into the request, with the padding that parsing needs, and without a byte order mark unless
  /// that is to be kept. False when a problem has been answered.
  Awaitable<bool> read_whole_body(std::size_t bytes_max, bool keeps_mark = false);
  static Problem body_is_too_large(std::size_t bytes_max);
  /// After an answer that did not need the body: reads it away if it is small, else closes.
  Awaitable<void> discard_body();
  /// It has been answered, and holds no memory any more but what is small: the next is likely to be
  /// as long.
  void forget_request();
  /// Notices the end of the client's input, and wakes. A client that sends its next request
  /// meanwhile is alive, and not watched any more.
  void watch_input();
  /// Ends the watch, and what else waits for input or output.
  void stop_reading();
  bool is_input_ended() const { return is_input_ended_; }

  // ---- answers ----
  /// Writes the answer when the journal holds what it reflects.
  Awaitable<void> answer(Response response);
  Awaitable<void> refuse(Problem problem);
  /// Answers before any request.
  Awaitable<void> refuse_connection();
  /// For the metrics: the request has been answered.
  void count_answer(unsigned status);
  /// At the level `debug`: what was asked, by whom, and how that was answered.
  void log_answer(std::string_view route) const;
  /// What is written is a whole answer, or a part of one whose client may send before it reads.
  enum class Written : std::uint8_t { whole, part };
  /// Writes all, as long as the client takes a piece of it in time; false when it does not. For a
  /// whole answer it may not take much longer for few bytes, as with a body.
  template <class Buffers>
  Awaitable<bool> write(Buffers bytes, Written written = Written::part) {
    boost::beast::buffers_suffix<Buffers> rest(bytes);
    ClientWait wait;
    while (boost::beast::buffer_bytes(rest) != 0) {
      writes_since_ = Clock::now();
      allow(limits().slow_timeout - wait.time(), writes_since_);
      auto [error, size] = co_await transport_.write_some(rest);
      if (written == Written::whole) wait.add(Clock::now() - writes_since_, size);
      writes_since_ = Clock::time_point::max();
      if (error) co_return false;
      rest.consume(size);
    }
    co_return true;
  }
  /// The client has taken nothing for so long of what is being written to it.
  bool has_not_read_for(Clock::duration duration) const {
    return writes_since_ < Clock::now() - duration;
  }
  /// So much of the time was waiting for events, which is no slowness: it stays out of the metrics.
  void leave_out(Clock::duration waiting) { begun_ += waiting; }
  /// The POST was refused with 429 or 503, and there has been no rest() since.
  bool is_refused() const { return is_refused_; }
  /// A pause after is_refused(). It keeps a client that does not heed Retry-After from taking the
  /// network thread from others.
  Awaitable<void> rest();

  // ---- the end ----
  /// No further request is read.
  void close_after_answer() { is_closing_ = true; }
  bool is_closing() const { return is_closing_; }
  /// Closes so that the answer arrives: a socket closed with unread bytes would reset the
  /// connection.
  Awaitable<void> linger();
  /// Ends the connection if it waits for a request.
  void close_if_idle() {
    if (is_idle_) close();
  }
  void close();

 private:
  void watch();
  bool is_peer_operator();
  /// Reads a piece of what the body was packed from; as read_some().
  Awaitable<std::size_t> read_packed(char* data, std::size_t size);
  /// What has come and is not read yet.
  std::string_view buffered() const {
    return {static_cast<const char*>(buffer_.data().data()), buffer_.size()};
  }
  std::size_t take_buffered(char* data, std::size_t size);
  Awaitable<std::size_t> receive(char* data, std::size_t size);
  const ForeignSurface* surface_of(std::string_view path) const;
  const ForeignSurface* foreign_surface() const;
  Awaitable<error_code> parse_head();
  bool is_head_too_large(std::size_t bytes) const;
  Awaitable<void> refuse_head(error_code error);
  void append_head(const Response& response, std::string& text);
  using AnswerParts = std::array<asio::const_buffer, 2>;  // head and body
  Awaitable<bool> write_rest(AnswerParts parts, std::size_t sent, std::size_t held);

  Network& network_;
  Lane& lane_;
  Transport transport_;
  Timer watchdog_;
  Timer changed_;
  Clock::time_point deadline_;
  bool is_timed_out_ = false;
  bool is_idle_ = true;
  bool is_of_operator_ = false;  // by the user of the process at the other end
  bool is_closing_ = false;      // after this answer
  bool is_refused_ = false;
  std::chrono::milliseconds rest_;  // after the next answer that refuses
  bool is_input_ended_ = false;     // seen while it was watched

  boost::beast::flat_buffer buffer_;
  std::size_t held_bytes_ = 0;
  std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> head_;
  Request request_;
  std::string answer_head_;  // memory for the next
  Clock::time_point begun_;
  unsigned status_ = 0;  // of the last answer
  Clock::time_point writes_since_ = Clock::time_point::max();
  bool expects_continue_ = false;  // and has not been told
  bool is_chunked_ = false;
  ChunkDecoder chunks_;
  std::uint64_t body_left_ = 0;
  std::unique_ptr<GzipDecoder> gzip_;
  bool is_unpacked_ = false;  // to the end
  ClientWait body_wait_;
  bool is_body_broken_ = false;
};

}  // namespace api
