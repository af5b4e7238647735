#pragma once

// What the files that handle connections have in common. One rule for every statement with
// co_await: no capturing lambda and no braced temporary in it, because g++ 12 destroys those twice.

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "api/http/http_limits.h"
#include "api/identity/gate.h"

namespace api {

class Connection;
class Router;

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// Everything runs on a context of one thread. Said in the types, this spares each step an executor
// that could be any.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol, Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;

/// The completion token of every asynchronous call: the error comes back as a value.
constexpr auto awaited = asio::as_tuple(asio::use_awaitable_t<Executor>());

/// The time of an answer as HTTP writes it (RFC 9110, 5.6.7), made once a second.
class HttpDate {
 public:
  const std::string& now();

 private:
  std::time_t second_ = -1;
  std::string text_;
};

/// A network thread and its connections; touched by that thread only, but for what is atomic.
struct Lane {
  /// Runs the connections until the context is stopped.
  void run();

  std::set<Connection*> connections;  // outlives those that the context destroys
  std::set<Connection*> watching;     // those that are woken by HttpServer::wake_watching()
  std::size_t awaited_submissions = 0;
  // What this lane serves that is prompt; it alone changes them, others look.
  std::atomic<std::size_t> prompt_requests{0};
  std::atomic<Clock::rep> prompt_ended{0};  ///< when the last one ended
  HttpDate date;
  asio::io_context context{1};
  asio::executor_work_guard<Executor> work{context.get_executor()};
  std::thread thread;
};

/// From now on this thread gives way to those that are not nice.
void be_nice();

/// What all connections share.
struct Network {
  Network(std::size_t threads, const HttpLimits& given);

  const HttpLimits limits;

  std::atomic<std::size_t> connection_count{0};
  std::atomic<bool> is_draining{false};
  std::atomic<std::size_t> costly_waiting{0};  // outlives the requests that the lanes destroy
  std::vector<Lane> lanes;
  asio::thread_pool workers{2};              // for slow reads
  asio::thread_pool parsers{1};              // for large bodies
  asio::thread_pool patient{1};              // for answers that cost much: gives way to all others
  const std::size_t costly_threads;          // as many as processors
  asio::thread_pool costly{costly_threads};  // for work with private keys: gives way to the rest
  std::mutex costly_mutex;                   // of the two below
  std::condition_variable costly_ended;
  std::size_t costly_turns = 0;  ///< threads that work
  // Set before the first connection.
  bool is_on_socket_file = false;
  const Router* router = nullptr;
  const Gate* gate = nullptr;
};

}  // namespace api
