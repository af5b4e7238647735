#include <signal.h>

#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "api/commands.h"
#include "api/config.h"
#include "api/http_server.h"
#include "api/log.h"
#include "api/service.h"
#include "api/version.h"

namespace api {
namespace {

/// HOST:PORT, the host an IP address, an IPv6 one in brackets.
HttpServerOptions parse_listen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  HttpServerOptions options;
  if (colon != std::string::npos) {
    options.host = text.substr(0, colon);
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, options.port);
    if (options.host == "localhost") options.host = "127.0.0.1";
    if (options.host.size() > 2 && options.host.front() == '[' && options.host.back() == ']') {
      options.host = options.host.substr(1, options.host.size() - 2);
    }
    boost::system::error_code error;
    boost::asio::ip::make_address(options.host, error);
    if (read.ec == std::errc() && read.ptr == end && !error) return options;
  }
  throw UsageError("--listen wants an IP address and a port, such as 127.0.0.1:8080, not '" + text +
                   "'");
}

}  // namespace

int serve(const ServeOptions& options) {
  HttpServerOptions http = parse_listen(options.listen);
  http.network_threads = options.threads;
  if (options.auth == "jwt") {
    throw UsageError("--auth jwt is not available in this version; use --auth none on loopback");
  }
  if (options.auth != "none") throw UsageError("--auth wants none or jwt");
  if (!boost::asio::ip::make_address(http.host).is_loopback()) {
    throw UsageError("--auth none gives every caller every role and is refused on " + http.host +
                     "; listen on 127.0.0.1");
  }
  Config config = read_config(options.config);
  config.series = ledger::NumberSeries::production_and_tests;

  // Before any thread starts, so that all of them leave these signals to the main thread.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  HttpServer server(http);
  {
    Service service(shard_options(options.data, options.keys, config), config.series, config.limits,
                    [&server](std::vector<std::unique_ptr<ingest::Submission>> submissions) {
                      server.deliver(std::move(submissions));
                    });
    server.start(service);
    log(LogLevel::info, "listening",
        {{"host", http.host},
         {"port", std::to_string(server.port())},
         {"auth", options.auth},
         {"version", std::string(program_version)},
         {"data", options.data}});
    int signal_number = 0;
    sigwait(&signals, &signal_number);
    log(LogLevel::info, "draining");
    service.start_draining();
    server.stop();
  }
  log(LogLevel::info, "stopped");
  return exit_done;
}

}  // namespace api
