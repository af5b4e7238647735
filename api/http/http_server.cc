#include "api/http/http_server.h"

#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <utility>

#include "api/http/connection.h"
#include "api/http/session.h"
#include "api/program/log.h"

namespace api {
namespace {

using asio::ip::tcp;

/// Connections above the limit that are told so at a time; any more are closed at once.
constexpr std::size_t surplus_connections_max = 64;
/// File descriptors that connections leave to the ledger's files.
constexpr rlim_t reserved_files = 256;

/// What a client does not take for so long is dropped, also when the connection has been closed:
/// else the kernel would keep it for many minutes.
void give_up_after(Socket& socket, std::chrono::milliseconds time) {
  const auto value = static_cast<unsigned>(time.count());
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof value);
}

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

}  // namespace

struct HttpServer::Impl {
  Impl(const Address& wanted, std::size_t network_threads, const HttpLimits& limits);

  Awaitable<void> accept();
  std::size_t connections_max() const;

  Network network;
  TlsCurrent tls;
  Acceptor acceptor;
  Address address;
};

HttpServer::Impl::Impl(const Address& wanted, std::size_t network_threads, const HttpLimits& limits)
    : network(network_threads, limits), acceptor(network.lanes.front().context), address(wanted) {
  asio::io_context& context = network.lanes.front().context;
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
  const std::size_t configured = network.limits.connections_max;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return configured;
  const rlim_t reserved = std::min<rlim_t>(reserved_files, limit.rlim_cur / 2);
  return static_cast<std::size_t>(std::min<rlim_t>(configured, limit.rlim_cur - reserved));
}

Awaitable<void> HttpServer::Impl::accept() {
  for (std::size_t turn = 0; acceptor.is_open(); ++turn) {
    Lane& lane = network.lanes[turn % network.lanes.size()];
    Socket socket(lane.context);
    auto [error] = co_await acceptor.async_accept(socket, awaited);
    if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
    if (error) {
      // Out of file descriptors, most likely: wait for connections to end.
      log(LogLevel::warning, "accept_failed", {{"reason", error.message()}});
      Timer pause(network.lanes.front().context);
      pause.expires_after(std::chrono::milliseconds{100});
      co_await pause.async_wait(awaited);
      continue;
    }
    ++http_counters().connections_total;
    const std::size_t allowed = connections_max();
    const bool is_surplus = network.connection_count >= allowed;
    const TlsContext context = tls.get();
    if (is_surplus) {
      ++http_counters().refused_connections_total;
      // To tell it why would cost a handshake.
      if (context || network.connection_count >= allowed + surplus_connections_max) continue;
    }
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.non_blocking(true, ignored);
    give_up_after(socket, network.limits.slow_timeout);
    // Made here, so that it is counted before the next connection is.
    auto connection = std::make_shared<Connection>(network, lane, std::move(socket), context);
    asio::co_spawn(lane.context, run_session(std::move(connection), is_surplus), asio::detached);
  }
}

HttpServer::HttpServer(const Address& address, std::size_t network_threads,
                       const HttpLimits& limits)
    : impl_(std::make_unique<Impl>(address, network_threads, limits)) {
  // Every connection is a file descriptor.
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

HttpServer::~HttpServer() { stop(); }

const Address& HttpServer::address() const { return impl_->address; }

void HttpServer::secure(TlsContext context) { impl_->tls.set(std::move(context)); }

std::span<Lane> HttpServer::lanes() { return impl_->network.lanes; }

void HttpServer::wake_watching() {
  for (Lane& lane : impl_->network.lanes) {
    asio::post(lane.context, [&watching = lane.watching] {
      for (Connection* const connection : watching) connection->wake();
    });
  }
}

void HttpServer::start(const Router& router, const Gate& gate) {
  Network& network = impl_->network;
  network.router = &router;
  network.gate = &gate;
  network.is_on_socket_file = gate.looks_at_tokens() && !impl_->address.socket_file.empty();
  asio::co_spawn(network.lanes.front().context, impl_->accept(), asio::detached);
  for (Lane& lane : network.lanes) {
    lane.thread = std::thread([&lane] { lane.run(); });
  }
}

void HttpServer::stop() {
  Network& network = impl_->network;
  if (network.is_draining.exchange(true)) return;
  // First, so that it cannot be the file of a server that follows this one.
  std::error_code not_there;
  std::filesystem::remove(impl_->address.socket_file, not_there);
  asio::post(network.lanes.front().context, [&acceptor = impl_->acceptor] {
    error_code ignored;
    acceptor.close(ignored);
  });
  for (Lane& lane : network.lanes) {
    asio::post(lane.context, [&lane] {
      for (Connection* const connection : lane.connections) connection->close_if_idle();
      for (Connection* const connection : lane.watching) connection->wake();
    });
  }
  const auto deadline = Clock::now() + (network.router == nullptr ? std::chrono::seconds{0}
                                                                  : network.limits.drain_timeout);
  while (network.connection_count != 0 && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  // What runs ends; what has not begun is dropped with its connection, for the time is over.
  const std::array pools{&network.parsers, &network.workers, &network.patient, &network.costly};
  for (asio::thread_pool* const pool : pools) pool->stop();
  for (asio::thread_pool* const pool : pools) pool->join();
  for (Lane& lane : network.lanes) lane.context.stop();
  for (Lane& lane : network.lanes) {
    if (lane.thread.joinable()) lane.thread.join();
  }
}

}  // namespace api
