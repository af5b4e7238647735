#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingest/submission.h"

namespace api {

class Service;

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any free one, see port()
  std::size_t network_threads = 1;
};

/// The HTTP/1.1 server: connections, limits, timeouts, streaming. What is answered comes from the
/// Service. Each connection is a coroutine on one network thread; slow reads run on worker threads.
///
/// Lifecycle: construct (binds the address, throws when it cannot), start(), stop(). deliver() is
/// given to the Ingestor before the server starts and stays callable until the server is destroyed.
class HttpServer {
 public:
  explicit HttpServer(const HttpServerOptions& options);
  ~HttpServer();

  std::uint16_t port() const;

  /// Hands committed submissions to the connections that wait for them.
  void deliver(std::vector<std::unique_ptr<ingest::Submission>> submissions);

  /// Serves until stop(); returns at once.
  void start(Service& service);
  /// Takes no new connection, lets open requests end until the service's drain timeout, then closes
  /// what is left.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace api
