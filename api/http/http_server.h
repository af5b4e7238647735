#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "api/http/address.h"
#include "api/http/http_limits.h"
#include "api/http/network.h"
#include "api/http/tls_context.h"

namespace api {

/// The HTTP/1.1 server: connections, limits, timeouts, streaming. What is answered, and to whom, is
/// the business of a Router and a Gate. Each connection is a coroutine on one network thread; slow
/// reads run on worker threads.
///
/// Lifecycle: construct (binds the address, throws when it cannot), start(), stop(). lanes() and
/// wake_watching() may be called before the server starts, and until it is destroyed.
class HttpServer {
 public:
  HttpServer(const Address& address, std::size_t network_threads, const HttpLimits& limits);
  ~HttpServer();

  /// Where it listens; port 0 has become one that was free.
  const Address& address() const;
  std::span<Lane> lanes();
  /// Has all connections that watch for something look again; one wake-up for each network thread.
  void wake_watching();

  /// Connections from now on are secured with this; null: plain bytes.
  void secure(TlsContext context);

  /// Serves until stop(); returns at once. Router and gate must stay.
  void start(const Router& router, const Gate& gate);
  /// Takes no new connection, lets open requests end until the drain timeout, then closes what is
  /// left.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace api
