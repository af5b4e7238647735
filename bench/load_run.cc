#include "bench/load_run.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <chrono>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "bench/answer_reader.h"
#include "bench/cpu_seconds.h"
#include "bench/load_items.h"
#include "tests/support/prng.h"

namespace bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Socket = asio::generic::stream_protocol::socket;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

/// How long answers are waited for when the time is over.
constexpr std::chrono::seconds patience{10};

std::string name_of(const LoadOptions& options) {
  if (!options.socket_file.empty()) return options.socket_file;
  return options.host + ':' + std::to_string(options.port);
}

Socket connect(asio::io_context& context, const LoadOptions& options) {
  try {
    if (!options.socket_file.empty()) {
      asio::local::stream_protocol::socket socket(context);
      socket.connect(options.socket_file);
      return socket;
    }
    tcp::socket socket(context);
    socket.connect({asio::ip::make_address(options.host), options.port});
    socket.set_option(tcp::no_delay(true));
    return socket;
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot connect to " + name_of(options) + ": " +
                             error.code().message());
  }
}

std::string authorization(const LoadOptions& options) {
  return options.token.empty() ? "" : "Authorization: Bearer " + options.token + "\r\n";
}

/// A request's text, head before body in one buffer. The body is written first, because its length
/// stands in the head.
class RequestText {
 public:
  RequestText(const LoadOptions& options, std::string_view target, std::string_view content_type,
              std::size_t body_bytes_max)
      : buffer_(head_bytes_max + body_bytes_max), head_("POST ") {
    head_ += target;
    head_ += " HTTP/1.1\r\nHost: localhost\r\n";
    head_ += authorization(options);
    head_ += "Content-Type: ";
    head_ += content_type;
    head_ += "\r\nContent-Length: ";
  }

  char* body() { return buffer_.data() + head_bytes_max; }

  /// The whole request, with the body ending at `body_end`.
  std::string_view finish(const char* body_end) {
    char length[24];
    char* length_end = std::to_chars(std::begin(length), std::end(length), body_end - body()).ptr;
    length_end = std::copy_n("\r\n\r\n", 4, length_end);
    const auto length_size = static_cast<std::size_t>(length_end - length);
    char* const begin = body() - length_size - head_.size();
    std::memcpy(begin, head_.data(), head_.size());
    std::memcpy(begin + head_.size(), length, length_size);
    return {begin, static_cast<std::size_t>(body_end - begin)};
  }

 private:
  static constexpr std::size_t head_bytes_max = 4096;
  std::vector<char> buffer_;
  std::string head_;
};

RequestText request_text(const LoadOptions& options) {
  switch (options.mode) {
    case LoadMode::single:
      return {options, "/v1/registrations", "application/json", LoadItems::text_bytes_max};
    case LoadMode::batch:
      return {options, "/v1/registrations", "application/x-ndjson",
              options.batch_lines * LoadItems::text_bytes_max};
    case LoadMode::status:
      break;
  }
  return {options, "/v1/card-status", "application/json", LoadItems::text_bytes_max};
}

/// Adds up the verdicts in an answer by their first letters.
void count_verdicts(std::string_view body, LoadFigures& counts) {
  constexpr std::string_view key = R"("verdict":")";
  while (const void* const found = memmem(body.data(), body.size(), key.data(), key.size())) {
    const auto offset = static_cast<std::size_t>(static_cast<const char*>(found) - body.data());
    body.remove_prefix(offset + key.size());
    const char letter = body.empty() ? '\0' : body.front();
    ++(letter == 'a' ? counts.accepted : letter == 'd' ? counts.duplicate : counts.rejected);
  }
}

class Load;

/// One connection with at most one request on the way. Reads while it writes, because the service
/// answers a long request while it comes. Non-blocking system calls where they do: a request that
/// fits the socket's buffer costs one write and no callback.
class Connection {
 public:
  Connection(Load& load, asio::io_context& context, const LoadOptions& options)
      : text(request_text(options)),
        load_(load),
        socket_(connect(context, options)),
        input_(options.mode == LoadMode::batch ? 256 * 1024 : 16 * 1024) {}

  void open() {
    socket_.non_blocking(true);
    read();
  }
  /// Sends a request that lies in `text`.
  void send(std::string_view request) {
    unsent_ = request;
    is_waiting = true;
    write();
  }
  void close() {
    error_code ignored;
    socket_.close(ignored);
  }
  bool is_open() const { return socket_.is_open(); }

  // What the load notes of the request on the way.
  RequestText text;
  bool is_waiting = false;
  Clock::time_point begun;
  std::uint64_t first_index = 0;    ///< of its new items
  std::uint64_t fresh_count = 0;    ///< items that must be accepted
  std::uint64_t resend_count = 0;   ///< items that must be duplicates
  std::vector<std::uint64_t> sent;  ///< accepted items, to be sent again

 private:
  void write();
  void read();
  void take(std::string_view piece);

  Load& load_;
  Socket socket_;
  std::string_view unsent_;
  std::vector<char> input_;
  AnswerReader reader_;
};

/// Hands out requests to connections and judges the answers.
class Load {
 public:
  explicit Load(const LoadOptions& options);

  LoadFigures run();

  void answered(Connection& connection, const AnswerReader& answer);
  void lost(Connection& connection, std::string_view why);

 private:
  std::uint64_t new_items_left() const {
    if (options_.items == 0) return std::numeric_limits<std::uint64_t>::max();
    return options_.items - std::min(options_.items, next_index_);
  }
  void next(Connection& connection);
  void send(Connection& connection, Clock::time_point due);
  char* write_items(Connection& connection, char* out);
  char* write_query(char* out);
  bool is_expected(Connection& connection, std::string_view body);
  void remember(Connection& connection);
  void retire(Connection& connection);
  void wake_when_due();
  void end();
  void note_problem(std::string text);
  Clock::time_point due_time(std::uint64_t request) const {
    return begin_ + std::chrono::nanoseconds{request * 1'000'000'000 / options_.rate};
  }

  static constexpr std::size_t remembered_max = 256;

  const LoadOptions options_;
  const LoadItems items_;
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};  // one thread: no locks
  asio::steady_timer due_timer_{context_};
  asio::steady_timer end_timer_{context_};
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> idle_;
  std::size_t open_count_ = 0;
  std::uint64_t next_index_ = 0;
  std::uint64_t next_due_ = 0;
  ledger::test::Prng choices_;
  Clock::time_point begin_;
  Clock::time_point end_;
  LoadFigures figures_;
};

// ---- a connection ----

void Connection::write() {
  while (!unsent_.empty()) {
    error_code error;
    unsent_.remove_prefix(socket_.write_some(asio::buffer(unsent_), error));
    if (error == asio::error::would_block) {
      socket_.async_wait(Socket::wait_write, [this](error_code failure) {
        if (!failure && is_open()) write();
      });
      return;
    }
    if (error) return load_.lost(*this, error.message());
  }
}

void Connection::read() {
  socket_.async_read_some(asio::buffer(input_), [this](error_code error, std::size_t size) {
    if (!is_open()) return;
    if (error) return load_.lost(*this, error.message());
    take({input_.data(), size});
    if (is_open()) read();
  });
}

void Connection::take(std::string_view piece) {
  const AnswerReader::State state = reader_.take(piece);
  if (state == AnswerReader::State::partial) return;
  if (state == AnswerReader::State::broken || !is_waiting) {
    return load_.lost(*this, "an answer that cannot be read");
  }
  if (!unsent_.empty()) return load_.lost(*this, "answered before all was sent");
  is_waiting = false;
  load_.answered(*this, reader_);
  reader_.clear();
}

// ---- the load ----

Load::Load(const LoadOptions& options)
    : options_(options),
      items_(options.seed, options.persons,
             ledger::oslo_date({std::chrono::duration_cast<std::chrono::seconds>(
                                    std::chrono::system_clock::now().time_since_epoch())
                                    .count(),
                                0})),
      choices_(options.seed) {
  for (std::uint32_t i = 0; i < options.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(*this, context_, options_));
    connections_.back()->open();
    ++open_count_;
  }
}

LoadFigures Load::run() {
  const double cpu_before = cpu_seconds();
  begin_ = Clock::now();
  end_ = begin_ + std::chrono::seconds{options_.seconds};
  end_timer_.expires_at(end_);
  end_timer_.async_wait([this](error_code error) {
    if (!error) end();
  });
  for (const auto& connection : connections_) next(*connection);
  context_.run();
  figures_.elapsed_seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  figures_.client_cpu_seconds = cpu_seconds() - cpu_before;
  return std::move(figures_);
}

void Load::next(Connection& connection) {
  const Clock::time_point now = Clock::now();
  if (now >= end_ || new_items_left() == 0) return retire(connection);
  if (options_.rate == 0) return send(connection, now);
  const Clock::time_point due = due_time(next_due_);
  if (due <= now) {
    ++next_due_;
    return send(connection, due);
  }
  idle_.push_back(&connection);
  if (idle_.size() == 1) wake_when_due();
}

void Load::wake_when_due() {
  due_timer_.expires_at(due_time(next_due_));
  due_timer_.async_wait([this](error_code error) {
    if (error) return;
    const Clock::time_point now = Clock::now();
    for (; !idle_.empty() && due_time(next_due_) <= now; ++next_due_) {
      Connection& connection = *idle_.front();
      idle_.pop_front();
      send(connection, due_time(next_due_));
    }
    if (!idle_.empty()) wake_when_due();
  });
}

void Load::send(Connection& connection, Clock::time_point due) {
  connection.begun = due;
  char* const body = connection.text.body();
  const char* const end =
      options_.mode == LoadMode::status ? write_query(body) : write_items(connection, body);
  connection.send(connection.text.finish(end));
}

char* Load::write_items(Connection& connection, char* out) {
  const bool is_batch = options_.mode == LoadMode::batch;
  const std::uint64_t count =
      std::min<std::uint64_t>(is_batch ? options_.batch_lines : 1, new_items_left());
  connection.first_index = next_index_;
  connection.resend_count = 0;
  // Some at a time, so that the cache misses of their persons overlap.
  std::array<LoadItem, 16> items;
  for (std::uint64_t made = 0; made < count; made += items.size()) {
    const std::span some = std::span(items).first(std::min(items.size(), count - made));
    for (LoadItem& item : some) {
      const bool is_resend = options_.resend_percent != 0 && !connection.sent.empty() &&
                             choices_.chance(options_.resend_percent, 100);
      const std::uint64_t index =
          is_resend ? connection.sent[choices_.below(connection.sent.size())] : next_index_++;
      if (is_resend) ++connection.resend_count;
      item = items_.item(index);
    }
    for (const LoadItem& item : some) {
      out = items_.write(item, out);
      if (is_batch) *out++ = '\n';
    }
  }
  connection.fresh_count = count - connection.resend_count;
  return out;
}

char* Load::write_query(char* out) {
  const LoadItem about = items_.item(next_index_++);
  const auto put = [&out](std::string_view text) {
    out = std::copy(text.begin(), text.end(), out);
  };
  put(R"({"personId":")");
  put(items_.person_number(about.person));
  put(R"(","serviceType":")");
  put(LoadItems::service_type(about.practice));
  put(R"(","serviceDate":")");
  put(items_.day_text(about.day));
  put(R"("})");
  return out;
}

void Load::answered(Connection& connection, const AnswerReader& answer) {
  figures_.latency.record(Clock::now() - connection.begun);
  if (answer.status() != 200) {
    ++figures_.not_200;
    note_problem("status " + std::to_string(answer.status()) + ": " + std::string(answer.body()));
  } else {
    ++figures_.requests;
    if (is_expected(connection, answer.body())) {
      remember(connection);
    } else {
      ++figures_.unexpected;
      // The first result that is not as the others, if it is a rejection; else the beginning.
      const std::size_t rejected = answer.body().find("rejected");
      const std::size_t begin =
          rejected == std::string_view::npos || rejected < 100 ? 0 : rejected - 100;
      note_problem("unexpected: " + std::string(answer.body().substr(begin)));
    }
  }
  next(connection);
}

bool Load::is_expected(Connection& connection, std::string_view body) {
  if (options_.mode == LoadMode::status) {
    if (body == R"({"exempt":false})") return true;
    ++figures_.exempt;
    return body == R"({"exempt":true})";
  }
  const std::uint64_t accepted = figures_.accepted + connection.fresh_count;
  const std::uint64_t duplicate = figures_.duplicate + connection.resend_count;
  const std::uint64_t rejected = figures_.rejected;
  count_verdicts(body, figures_);
  return figures_.accepted == accepted && figures_.duplicate == duplicate &&
         figures_.rejected == rejected;
}

void Load::remember(Connection& connection) {
  if (options_.resend_percent == 0) return;
  for (std::uint64_t i = 0; i < connection.fresh_count; ++i) {
    const std::uint64_t index = connection.first_index + i;
    if (connection.sent.size() < remembered_max) {
      connection.sent.push_back(index);
    } else {
      connection.sent[index % remembered_max] = index;
    }
  }
}

void Load::lost(Connection& connection, std::string_view why) {
  ++figures_.broken;
  note_problem("connection lost: " + std::string(why));
  std::erase(idle_, &connection);
  retire(connection);
}

void Load::retire(Connection& connection) {
  if (!connection.is_open()) return;
  connection.close();
  if (--open_count_ != 0) return;
  due_timer_.cancel();
  end_timer_.cancel();
}

void Load::end() {
  due_timer_.cancel();
  if (options_.rate != 0) {
    // These waited until now, and would have longer.
    for (; due_time(next_due_) < end_; ++next_due_) {
      ++figures_.not_sent;
      figures_.latency.record(end_ - due_time(next_due_));
    }
  }
  while (!idle_.empty()) {
    Connection& connection = *idle_.front();
    idle_.pop_front();
    retire(connection);
  }
  if (open_count_ == 0) return;
  end_timer_.expires_after(patience);
  end_timer_.async_wait([this](error_code error) {
    if (error) return;
    for (const auto& connection : connections_) {
      if (!connection->is_open()) continue;
      ++figures_.unanswered;
      figures_.latency.record(Clock::now() - connection->begun);
      retire(*connection);
    }
  });
}

void Load::note_problem(std::string text) {
  if (!figures_.first_problem.empty()) return;
  figures_.first_problem = std::move(text);
  figures_.first_problem.resize(std::min<std::size_t>(figures_.first_problem.size(), 400));
}

std::uint64_t number_after(std::string_view json, std::string_view key) {
  const std::size_t at = json.find(key);
  std::uint64_t number = 0;
  const std::string_view text = at == std::string_view::npos ? "" : json.substr(at + key.size());
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) {
    throw std::runtime_error("GET /v1/status gives no " + std::string(key));
  }
  return number;
}

}  // namespace

LoadFigures run_load(const LoadOptions& options) { return Load(options).run(); }

StatusCounts read_status(const LoadOptions& options) {
  asio::io_context context;
  Socket socket = connect(context, options);
  const std::string request =
      "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n" + authorization(options) + "\r\n";
  asio::write(socket, asio::buffer(request));
  AnswerReader answer;
  std::vector<char> input(16 * 1024);
  AnswerReader::State state = AnswerReader::State::partial;
  while (state == AnswerReader::State::partial) {
    const std::size_t size = socket.read_some(asio::buffer(input));
    state = answer.take({input.data(), size});
  }
  if (state != AnswerReader::State::whole || answer.status() != 200) {
    throw std::runtime_error("GET /v1/status is not answered with 200");
  }
  return {number_after(answer.body(), "\"registrations\":"),
          number_after(answer.body(), "\"duplicates\":")};
}

}  // namespace bench
