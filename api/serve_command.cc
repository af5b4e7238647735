#include <signal.h>

#include "api/address.h"
#include "api/commands.h"
#include "api/config.h"
#include "api/http_server.h"
#include "api/log.h"
#include "api/service.h"
#include "api/version.h"

namespace api {

int serve(const ServeOptions& options) {
  const Address address = parse_listen(options.listen);
  if (options.auth == "jwt") {
    throw UsageError("--auth jwt is not available in this version; use --auth none on loopback");
  }
  if (options.auth != "none") throw UsageError("--auth wants none or jwt");
  if (!address.is_local()) {
    throw UsageError("--auth none gives every caller every role and is refused on " + address.host +
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

  HttpServer server(address, options.threads);
  {
    Service service(shard_options(options.data, options.keys, config), config.series, config.limits,
                    options.spinning_threads,
                    [&server](std::vector<std::unique_ptr<ingest::Submission>> submissions) {
                      server.deliver(std::move(submissions));
                    });
    server.start(service);
    log(LogLevel::info, "listening",
        {{"host", server.address().host},
         {"port", std::to_string(server.address().port)},
         {"socketFile", server.address().socket_file},
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
