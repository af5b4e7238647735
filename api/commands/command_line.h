#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "api/http/token_source.h"

namespace api {

/// Where commands are added: the program, or a command that has parts.
class Commands {
 public:
  using Run = std::function<int()>;

  /// `named` becomes what the command line names.
  Commands(CLI::App& app, Run& named) : app_(app), named_(named) {}

  /// A command that has parts, and does nothing itself.
  Commands group(const std::string& name, const std::string& description) const;

 private:
  template <class Options>
  friend class Command;
  CLI::App& add(const std::string& name, const std::string& description) const;

  CLI::App& app_;
  Run& named_;
};

/// Accepts a whole number between two bounds; what is refused is shown with them.
CLI::Validator whole_number(std::uint64_t min, std::uint64_t max);

/// A command while its options are declared: what they fill, and how the help shows them. What
/// several commands share is declared here, with the same words for all.
template <class Options>
class Command {
 public:
  Command(const Commands& commands, const std::string& name, const std::string& description,
          int (*execute)(const Options&))
      : command_(commands.add(name, description)), options_(std::make_shared<Options>()) {
    command_.final_callback(
        [&named = commands.named_, execute, options = options_, check = check_] {
          if (*check) (*check)(*options);
          named = [execute, options] { return execute(*options); };
        });
  }

  /// An option with a value, shown as `name shown`.
  template <class Value>
  CLI::Option* add(const std::string& name, Value Options::*value, const std::string& shown,
                   const std::string& description) {
    return command_.add_option(name, (*options_).*value, description)->option_text(shown);
  }
  template <class Value>
  CLI::Option* number(const std::string& name, Value Options::*value, std::uint64_t min,
                      std::uint64_t max, const std::string& description) {
    return add(name, value, "N", description)->check(whole_number(min, max));
  }
  void flag(const std::string& name, bool Options::*value, const std::string& description) {
    command_.add_flag(name, (*options_).*value, description);
  }

  void data(const std::string& description) {
    add("--data", &Options::data, "DIR", description)->required();
  }
  /// A ledger on disk or a running server: exactly one.
  void ledger() {
    exactly_one("--data", &Options::data, "--server", &Options::server);
    auto* const data =
        add("--data", &Options::data, "DIR", "data folder of a ledger that no server has open; or");
    const auto of_server = [this](const std::string& name, std::string ServerAccess::*value,
                                  const std::string& shown, const std::string& description) {
      return add(name, static_cast<std::string Options::*>(value), shown, description);
    };
    auto* const server = of_server("--server", &ServerAccess::server, "URL",
                                   "a running server, such as http://127.0.0.1:8080, "
                                   "https://HOST or unix:PATH");
    of_server("--ca-file", &ServerAccess::ca_file, "FILE",
              "CA of the server's certificate (PEM), with https; default the system's")
        ->needs(server);
    of_server("--token-file", &ServerAccess::token_file, "FILE",
              "access token; read again when the file changes")
        ->needs(server);
    of_server("--token-command", &ServerAccess::token_command, "COMMAND",
              "prints an access token; run again when the last one has under 30 s left")
        ->needs(server);
    of_server("--dpop-key", &ServerAccess::dpop_key, "FILE",
              "private key that the token is bound to (P-256, PEM or JWK)")
        ->needs(server);
    keys("folder of the key files, with --data; default DATA/keys")->needs(data);
    config();
  }
  CLI::Option* keys(const std::string& description = "folder of the key files; default DATA/keys") {
    return add("--keys", &Options::keys, "DIR", description);
  }
  void config() {
    add("--config", &Options::config, "FILE", "configuration file (TOML)")
        ->check(CLI::ExistingFile);
  }
  void creates() {
    flag("--create", &Options::creates,
         "make a new ledger, with new keys, in a folder that does not exist; in an empty one it is "
         "made without being told");
  }
  void waits() {
    flag("--wait", &Options::waits,
         "with --server: when another job is running, wait until it has ended");
  }
  void json(const std::string& description = "as JSON") {
    flag("--json", &Options::is_json, description);
  }
  void findings(const std::string& description) {
    command_.footer(command_.get_footer() + " Findings: " + description + ".");
  }

  /// Of two texts, which are then not required themselves, one is.
  void exactly_one(const std::string& first_name, std::string Options::*first,
                   const std::string& second_name, std::string Options::*second) {
    *check_ = [=](const Options& options) {
      if ((options.*first).empty() != (options.*second).empty()) return;
      throw CLI::RequiredError("exactly one of " + first_name + " and " + second_name);
    };
  }

 private:
  CLI::App& command_;
  const std::shared_ptr<Options> options_;
  const std::shared_ptr<std::function<void(const Options&)>> check_ =
      std::make_shared<std::function<void(const Options&)>>();
};

using AddCommand = void (*)(const Commands&);

/// Reads the command line and runs the command that it names; returns the exit status. Throws
/// UsageError for a command line that names nothing to run, and what the command throws.
int run_command_line(int argc, char** argv, std::span<const AddCommand> commands);

}  // namespace api
