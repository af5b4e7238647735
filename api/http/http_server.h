#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "api/http/address.h"
#include "ingest/writer/submission.h"

namespace api {

class Service;

/// The HTTP/1.1 server: connections, limits, timeouts, streaming. What is answered comes from the
/// Service. Each connection is a coroutine on one network thread; slow reads run on worker threads.
///
/// Lifecycle: construct (binds the address, throws when it cannot), start(), stop(). deliver() is
/// given to the Ingestor before the server starts and stays callable until the server is destroyed.
class HttpServer {
 public:
  HttpServer(const Address& address, std::size_t network_threads);
  ~HttpServer();

  /// Where it listens; port 0 has become one that was free.
  const Address& address() const;

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
