// frikort serve: the service, until a signal ends it.

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/commands/service.h"
#include "api/http/address.h"
#include "api/http/http_server.h"
#include "api/http/https_get.h"
#include "api/identity/gate.h"
#include "api/program/log.h"
#include "api/program/usage_error.h"
#include "api/program/version.h"
#include "api/runtime/config.h"
#include "api/runtime/ledger_folder.h"
#include "api/runtime/new_year.h"
#include "api/runtime/registered_practices.h"
#include "ingest/items/clock.h"

namespace api {
namespace {

struct ServeOptions {
  std::string data;
  std::string listen = "127.0.0.1:8080";
  std::string auth = "jwt";
  std::string config;
  std::string keys;
  std::size_t threads = 3;  ///< network threads; with fewer, a processor waits now and then
  std::size_t spinning_threads = 2;  ///< while single items come without a pause
  bool creates = false;              ///< a ledger in a folder that does not exist
  bool allows_plain = false;         ///< without TLS on other addresses than loopback
  bool is_json = false;              ///< changes nothing: what is written is JSON in any case
};

/// Between two looks at the calendar.
constexpr timespec look_interval{60, 0};

void log_ceilings(const Config& config) {
  std::string text;
  for (const auto& [year, ceiling] : config.ceilings) {
    text += fmt::format("{}{}: {} kr ({})", text.empty() ? "" : "; ", year,
                        ceiling.amount.ore() / 100, ceiling.source);
  }
  log(LogLevel::info, "ceilings", {{"byYear", text}});
}

/// The signals that the main thread waits for. Blocked before any other thread starts, they reach
/// no other.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT}) {
    sigaddset(&signals, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

/// Who is blocked and was not, or no longer.
std::string changed_blocks(const AuthSettings& before, const AuthSettings& now) {
  std::string text;
  const auto add = [&](std::string_view what, const std::vector<std::string>& some,
                       const std::vector<std::string>& others) {
    for (const std::string& one : some) {
      if (std::find(others.begin(), others.end(), one) != others.end()) continue;
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", what, one);
    }
  };
  add("blocked", now.blocked_organisations, before.blocked_organisations);
  add("blocked", now.blocked_clients, before.blocked_clients);
  add("no longer blocked", before.blocked_organisations, now.blocked_organisations);
  add("no longer blocked", before.blocked_clients, now.blocked_clients);
  return text;
}

/// Throws UsageError for a configuration with which nobody's token would be taken. `hint` ends what
/// it says.
void require_for_tokens(const Config& config, std::string_view hint = "") {
  const auto missing = missing_for_tokens(config);
  if (!missing.empty()) throw UsageError(fmt::format("{}{}", fmt::join(missing, "\n"), hint));
}

std::string name_of(int signal) { return fmt::format("SIG{}", sigabbrev_np(signal)); }

/// What a signal has read again while connections stay open.
struct Reload {
  const ServeOptions& options;
  Gate& gate;
  HttpServer& server;
  LedgerKeeper& keeper;
  Config current;

  /// What is wrong is said, and then nothing changes.
  void operator()() {
    try {
      Config config = read_config(options.config);
      if (gate.looks_at_tokens()) {
        require_for_tokens(config);
      } else {
        config.series = current.series;
      }
      // They follow from the public address, which cards name until a restart.
      config.auth.origins = current.auth.origins;
      config.auth.series = current.auth.series;
      const TlsContext tls = config.tls.is_on() ? make_server_context(config.tls) : nullptr;
      use_registry(config.auth, keeper);
      if (gate.looks_at_tokens()) gate.set(config.auth, config.rates);
      if (tls != nullptr && current.tls.is_on()) server.secure(tls);
      set_log_level(config.log_level);
      log(LogLevel::info, "reloaded",
          {{"signal", name_of(SIGHUP)},
           {"reason",
            "certificates, issuers, blocks, practices, rates, log level and ceilings of further "
            "years are read again; everything else wants a restart"}});
      note(current.auth, config.auth);
      current.auth.blocked_organisations = config.auth.blocked_organisations;
      current.auth.blocked_clients = config.auth.blocked_clients;
      add_ceilings(config);
      const auto ignored = keys_for_restart(current, config);
      if (!ignored.empty()) {
        log(LogLevel::warning, "reload_ignored",
            {{"keys", fmt::format("{}", fmt::join(ignored, ", "))},
             {"reason", "these want a restart"}});
      }
    } catch (const std::exception& error) {
      log(LogLevel::error, "reload_failed",
          {{"signal", name_of(SIGHUP)}, {"reason", error.what()}});
    }
  }

  /// The ledger may be closed for a fault just now: then the log alone has it.
  void note(const AuthSettings& before, const AuthSettings& now) const {
    try {
      const auto open = keeper.lease();
      if (open != nullptr && !open->is_read_only()) {
        open->note_act(name_of(SIGHUP), "reload", changed_blocks(before, now));
      }
    } catch (const std::exception& error) {
      log(LogLevel::warning, "act_not_noted", {{"act", "reload"}, {"reason", error.what()}});
    }
  }

  /// Those of years that are known stay as they are.
  void add_ceilings(const Config& config) {
    auto ceilings = current.ceilings;
    ceilings.insert(config.ceilings.begin(), config.ceilings.end());
    if (ceilings.size() == current.ceilings.size()) return;
    current.ceilings = ceilings;
    log_ceilings(current);
    keeper.use_ceilings(std::move(ceilings));
  }
};

/// Returns when the service is to end. Warns once a day of a ceiling that will be missed.
void wait_for_end(const sigset_t& signals, const LedgerKeeper& keeper, Reload reload) {
  for (ledger::Date warned{};;) {
    const ledger::Date today = ledger::oslo_date(ingest::now());
    if (today != warned) {
      warned = today;
      const std::string warning = ceiling_warning(keeper);
      if (!warning.empty()) log(LogLevel::warning, "ceiling_missing", {{"reason", warning}});
    }
    const int number = sigtimedwait(&signals, nullptr, &look_interval);
    if (number == SIGTERM || number == SIGINT) return;
    if (number <= 0) continue;
    if (number == SIGHUP) {
      reload();
      continue;
    }
    log(LogLevel::warning, "signal_ignored",
        {{"signal", name_of(number)},
         {"reason",
          "SIGHUP reads what callers may again, a restart the whole configuration, and SIGTERM "
          "ends "
          "the service"}});
  }
}

/// A loopback address when there is none.
Address metrics_address(const Config& config) {
  return parse_listen(config.metrics_listen.empty() ? "127.0.0.1:0" : config.metrics_listen);
}

/// Throws UsageError for what would let in whom it should not, or nobody.
void require_safe(const ServeOptions& options, const Address& address, const Config& config) {
  if (options.auth != "none" && options.auth != "jwt") {
    throw UsageError("--auth wants none or jwt");
  }
  const Address metrics = metrics_address(config);
  if (!metrics.is_local() && !options.allows_plain) {
    throw UsageError("[metrics] listen " + metrics.name() +
                     " can be reached from other machines, without TLS; remedy: a loopback "
                     "address, or --allow-plain where the network is trusted");
  }
  if (options.auth == "none") {
    if (address.is_local()) return;
    throw UsageError("--auth none gives every caller every role and is refused on " + address.host +
                     "; remedy: listen on 127.0.0.1, or take tokens with --auth jwt");
  }
  require_for_tokens(config,
                     "; to try the program on this machine alone, --auth none does without tokens");
  if (!address.is_local() && !config.tls.is_on() && !options.allows_plain) {
    throw UsageError(
        "without TLS tokens and what they are used for would cross the network in the clear; "
        "remedy: [tls] certificate and key in the file of --config, or --allow-plain behind a "
        "proxy that does TLS");
  }
}

/// Ends the opening of a ledger.
struct EndedWhileOpening : std::exception {
  const char* what() const noexcept override { return "the service is to end"; }
};

/// Whether a signal that ends the service waits for the main thread.
bool is_end_wanted() {
  sigset_t waiting;
  sigemptyset(&waiting);
  sigpending(&waiting);
  return sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1;
}

/// Nobody waits for signals while the ledger is opened, and a long journal takes its time.
storage::LedgerOptions options_of_start(const ServeOptions& options, const Config& config) {
  storage::LedgerOptions ledger = ledger_options(options.data, options.keys, config);
  ledger.on_replay = [](ledger::Position, ledger::Position) {
    if (is_end_wanted()) throw EndedWhileOpening();
  };
  return ledger;
}

void log_listening(const ServeOptions& options, const Config& config, const Address& address,
                   const std::string& metrics) {
  log(LogLevel::info, "listening",
      {{"host", address.host},
       {"port", std::to_string(address.port)},
       {"socketFile", address.socket_file},
       {"auth", options.auth},
       {"tls", config.tls.is_on() ? "on" : "off"},
       {"metrics", metrics},
       {"version", std::string(program_version)},
       {"data", options.data}});
}

int serve(const ServeOptions& options) {
  const Address address = parse_listen(options.listen);
  Config config = read_config(options.config);
  const bool uses_tokens = options.auth == "jwt";
  require_safe(options, address, config);
  const ledger::NumberSeries series = uses_tokens
                                          ? config.series.value_or(ledger::NumberSeries::production)
                                          : ledger::NumberSeries::production_and_tests;
  const TlsContext tls = config.tls.is_on() ? make_server_context(config.tls) : nullptr;

  const bool is_new = prepare_ledger(options.data, options.creates);
  const sigset_t signals = block_signals();
  std::unique_ptr<TokenGuard> guard;
  if (uses_tokens) {
    // A ledger that is not new may have taken proofs, wherever their folder has gone.
    if (!is_new) std::filesystem::create_directories(options.data + "/proofs");
    guard = std::make_unique<TokenGuard>(config.auth, https_get, options.data + "/proofs");
  }
  Gate gate(std::move(guard), config.rates);
  HttpServer server(address, options.threads, config.limits);
  server.secure(tls);
  std::optional<HttpServer> metrics;
  if (!config.metrics_listen.empty()) metrics.emplace(metrics_address(config), 1, config.limits);
  set_log_level(config.log_level);
  try {
    Service service(options_of_start(options, config), series, config.limits,
                    public_url(config.address, server.address()), config.national,
                    options.spinning_threads, gate, server);
    if (is_new) {
      log(LogLevel::warning, "ledger_created",
          {{"data", options.data},
           {"keys", options.keys.empty() ? options.data + "/keys" : options.keys}});
    }
    log_ceilings(config);
    use_registry(config.auth, service.keeper());
    if (uses_tokens) gate.set(config.auth, config.rates);
    service.start(metrics ? &*metrics : nullptr);
    log_listening(options, config, server.address(), metrics ? metrics->address().name() : "");
    wait_for_end(signals, service.keeper(), {options, gate, server, service.keeper(), config});
    log(LogLevel::info, "draining");
    service.stop();
  } catch (const EndedWhileOpening&) {
    log(LogLevel::info, "ended_while_opening",
        {{"reason", "a signal came while the journal was applied; the next start goes on"}});
  }
  log(LogLevel::info, "stopped");
  return exit_done;
}

}  // namespace

void add_serve_command(const Commands& commands) {
  Command<ServeOptions> command(commands, "serve", "run the service", serve);
  command.data("data folder");
  command.creates();
  command.add("--listen", &ServeOptions::listen, "HOST:PORT",
              "IP address and port, or unix:PATH, a socket file for callers on this machine; "
              "default 127.0.0.1:8080");
  command.add("--auth", &ServeOptions::auth, "none|jwt",
              "jwt, the default: callers bring tokens of the issuers in the configuration; none: "
              "every caller has every role, on loopback only");
  command.flag("--allow-plain", &ServeOptions::allows_plain,
               "serve other addresses than loopback without TLS, behind a proxy that does it");
  command.config();
  command.keys();
  command.json("as JSON, which the log is in any case");
  command.number("--threads", &ServeOptions::threads, 1, 64, "network threads, 1 to 64; default 3");
  command.number("--spinning-threads", &ServeOptions::spinning_threads, 0, 64,
                 "keep processors awake while single items come without a pause, 0 to 64; "
                 "default 2; 0 where processor time is rationed");
}

}  // namespace api
