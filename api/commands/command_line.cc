#include "api/commands/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <functional>
#include <memory>
#include <span>
#include <sstream>

#include "api/commands/commands.h"
#include "api/program/version.h"
#include "ingest/generator/generator.h"

namespace api {
namespace {

constexpr std::size_t line_columns = 80;
constexpr std::size_t name_columns = 26;

/// Breaks a text into lines of at most so many columns.
std::string wrapped(const std::string& text, std::size_t columns) {
  std::istringstream words(text);
  std::string lines;
  std::size_t column = 0;
  for (std::string word; words >> word;) {
    const bool is_next_line = column != 0 && column + 1 + word.size() > columns;
    if (column != 0) lines += is_next_line ? '\n' : ' ';
    column = (is_next_line || column == 0 ? 0 : column + 1) + word.size();
    lines += word;
  }
  return lines;
}

class HelpText : public CLI::Formatter {
 public:
  HelpText() { column_width(name_columns); }
  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(option->get_description(), line_columns - name_columns);
  }
  std::string make_subcommand(const CLI::App* command) const override {
    std::stringstream out;
    CLI::detail::format_help(out, "  " + command->get_name(),
                             wrapped(command->get_description(), line_columns - name_columns),
                             name_columns);
    return out.str();
  }
  std::string make_description(const CLI::App* command) const override {
    return wrapped(command->get_description(), line_columns) + "\n";
  }
  std::string make_footer(const CLI::App* command) const override {
    return wrapped(command->get_footer(), line_columns) + "\n";
  }
};

/// Accepts a whole number between two bounds; what is refused is shown with them.
CLI::Validator whole_number(std::uint64_t min, std::uint64_t max) {
  return {[min, max](std::string& text) {
            std::uint64_t value = 0;
            const char* const end = text.data() + text.size();
            const auto read = std::from_chars(text.data(), end, value);
            const bool is_fit =
                read.ec == std::errc() && read.ptr == end && min <= value && value <= max;
            return is_fit ? std::string()
                          : fmt::format("wants a whole number from {} to {}, not '{}'", min, max,
                                        text);
          },
          "", ""};
}

using Run = std::function<int()>;

/// A command while its options are declared: what they fill, and how the help shows them.
template <class Options>
class Command {
 public:
  Command(CLI::App& app, Run& run, const std::string& name, const std::string& description,
          int (*execute)(const Options&))
      : command_(app.add_subcommand(name, description)->group("Commands")),
        options_(std::make_shared<Options>()) {
    command_->final_callback([&run, execute, options = options_, check = check_] {
      if (*check) (*check)(*options);
      run = [execute, options] { return execute(*options); };
    });
  }

  /// An option with a value, shown as `name shown`.
  template <class Value>
  CLI::Option* add(const std::string& name, Value Options::*value, const std::string& shown,
                   const std::string& description) {
    return command_->add_option(name, (*options_).*value, description)->option_text(shown);
  }
  template <class Value>
  CLI::Option* number(const std::string& name, Value Options::*value, std::uint64_t min,
                      std::uint64_t max, const std::string& description) {
    return add(name, value, "N", description)->check(whole_number(min, max));
  }
  void flag(const std::string& name, bool Options::*value, const std::string& description) {
    command_->add_flag(name, (*options_).*value, description);
  }

  void data(const std::string& description) {
    add("--data", &Options::data, "DIR", description)->required();
  }
  /// A ledger on disk or a running server: exactly one.
  void ledger() requires requires(Options options) { options.server; }
  {
    exactly_one("--data", &Options::data, "--server", &Options::server);
    auto* const data =
        add("--data", &Options::data, "DIR", "data folder of a ledger that no server has open; or");
    add("--server", &Options::server, "URL",
        "a running server, such as http://127.0.0.1:8080 or unix:PATH");
    keys("folder of the key files, with --data; default DATA/keys")->needs(data);
    config();
  }
  CLI::Option* keys(const std::string& description) {
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
  void json(const std::string& description) { flag("--json", &Options::is_json, description); }
  void findings(const std::string& description) {
    command_->footer(command_->get_footer() + " Findings: " + description + ".");
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
  CLI::App* const command_;
  const std::shared_ptr<Options> options_;
  const std::shared_ptr<std::function<void(const Options&)>> check_ =
      std::make_shared<std::function<void(const Options&)>>();
};

void add_serve(CLI::App& app, Run& run) {
  Command<ServeOptions> command(app, run, "serve", "run the service", serve);
  command.data("data folder");
  command.creates();
  command.add("--listen", &ServeOptions::listen, "HOST:PORT",
              "IP address and port, or unix:PATH, a socket file for callers on this machine; "
              "default 127.0.0.1:8080");
  command.add("--auth", &ServeOptions::auth, "none",
              "every caller has every role, on loopback only; tokens are not available yet");
  command.config();
  command.keys("folder of the key files; default DATA/keys");
  command.number("--threads", &ServeOptions::threads, 1, 64, "network threads, 1 to 64; default 3");
  command.number("--spinning-threads", &ServeOptions::spinning_threads, 0, 64,
                 "keep processors awake while single items come without a pause, 0 to 64; "
                 "default 2; 0 where processor time is rationed");
}

void add_generate(CLI::App& app, Run& run) {
  Command<GenerateOptions> command(app, run, "generate",
                                   "make a synthetic year of reports, NDJSON in order of receipt",
                                   generate);
  command
      .number("--registrations", &GenerateOptions::registrations, 1,
              ingest::Generator::registrations_max, "accepted co-payments to make")
      ->required();
  command.number("--persons", &GenerateOptions::persons, 0, ingest::Generator::persons_max,
                 "inhabitants; default in national proportion");
  command.number("--year", &GenerateOptions::year, 1, 9999, "year of service")->required();
  command.number("--seed", &GenerateOptions::seed, 0, UINT64_MAX,
                 "same seed, same bytes; default 1");
  command.add("--output", &GenerateOptions::output, "FILE", "file, or - for standard output")
      ->required();
  command.json("summary as JSON");
}

void add_load(CLI::App& app, Run& run) {
  Command<LoadOptions> command(app, run, "load",
                               "submit files of items, in file order; may be run again", load);
  command.ledger();
  command.creates();
  command.flag("--trust-received-time", &LoadOptions::trusts_received_time,
               "take receivedTime from the items; else it is an unknown field");
  command.flag("--strict", &LoadOptions::is_strict, "rejected items are findings");
  command.json("summary as JSON");
  command.add("FILE", &LoadOptions::files, "...", "NDJSON files; - for standard input")->required();
  command.findings("items were rejected, with --strict");
}

void add_status(CLI::App& app, Run& run) {
  Command<StatusOptions> command(app, run, "status",
                                 "counts, sums, cards, journal head, state checksum", status);
  command.ledger();
  command.json("as JSON, sums in øre");
}

void add_rebuild(CLI::App& app, Run& run) {
  Command<RebuildOptions> command(
      app, run, "rebuild",
      "replay the journal into an empty store, and compare every row and the checksum", rebuild);
  command.data("data folder that no server has open");
  command
      .add("--into", &RebuildOptions::into, "DIR", "folder for the rebuilt ledger; new or empty")
      ->required();
  command.keys("folder of the key files; default DATA/keys");
  command.config();
  command.json("as JSON");
  command.findings("what is stored differs from what the journal gives");
}

void add_verify(CLI::App& app, Run& run) {
  Command<VerifyOptions> command(
      app, run, "verify",
      "check the journal by its files and the public key: records, chain, signatures", verify);
  command.data("data folder; a server may have it open");
  command.add("--public-key", &VerifyOptions::public_key, "FILE",
              "public key, hexadecimal or PEM; default DATA/keys/signing.pub. Give a copy of your "
              "own: who can change the folder can change the key in it");
  command.json("as JSON");
  command.findings("the first record that does not verify is named");
}

void add_export(CLI::App& app, Run& run) {
  Command<ExportOptions> command(app, run, "export",
                                 "write the ledger out for other programs, as of one position",
                                 export_ledger);
  command.data("data folder that no server has open");
  command.add("--output", &ExportOptions::output, "DIR", "folder for the tables; new or empty")
      ->required();
  command.number("--year", &ExportOptions::year, 1, 9999,
                 "only what concerns this year of service");
  command.add("--format", &ExportOptions::format, "NAME", "ndjson or csv; default ndjson")
      ->check(CLI::IsMember({"ndjson", "csv"}));
  command.flag("--journal", &ExportOptions::has_journal,
               "also the raw journal, for scripts/audit.py");
  command.keys("folder of the key files; default DATA/keys");
  command.config();
  command.json("the manifest on standard output");
}

void add_reconcile(CLI::App& app, Run& run) {
  Command<ReconcileOptions> command(
      app, run, "reconcile",
      "recompute a year, compare it with what is kept, make its next signed statement", reconcile);
  command.ledger();
  command.number("--year", &ReconcileOptions::year, 1, 9999, "calendar year of service")
      ->required();
  command
      .add("--output", &ReconcileOptions::output, "DIR",
           "folder for the statement, the refund file and report.html; new or empty")
      ->required();
  command.flag("--dry-run", &ReconcileOptions::is_dry_run,
               "a statement without number and signature that the ledger does not keep");
  command.flag("--early", &ReconcileOptions::is_early,
               "also of a year that is not over: more will come");
  command
      .number("--number", &ReconcileOptions::number, 1, 1'000'000,
              "write out the year's statement of this number once more; make none")
      ->excludes("--dry-run")
      ->excludes("--early");
  command.flag("--without-numbers", &ReconcileOptions::is_without_numbers,
               "no refund file: it has national numbers");
  command.flag("--wait", &ReconcileOptions::waits,
               "with --server: when another job is running, wait until it has ended");
  command.json("the statement as JSON");
  command.findings("there are differences, or the statement before is not confirmed");
}

void add_backup(CLI::App& app, Run& run) {
  Command<BackupCommandOptions> command(
      app, run, "backup", "a consistent, incremental backup, restored once to see that it is good",
      backup);
  command.ledger();
  command
      .add("--to", &BackupCommandOptions::to, "DIR",
           "folder of the backups, on the ledger's machine: new, or with earlier backups of it")
      ->required();
  command.number("--keep", &BackupCommandOptions::keep, 1, 10'000,
                 "backups to keep, default 7; older ones are deleted after a success");
  command.flag("--without-verify", &BackupCommandOptions::is_without_verify,
               "do not restore it once to see that it is good");
  command.flag("--without-keys", &BackupCommandOptions::is_without_keys,
               "leave private keys out; restore then wants --keys");
  command.flag("--wait", &BackupCommandOptions::waits,
               "with --server: when another job is running, wait until it has ended");
  command.json("as JSON");
  command.findings("the backup could not be restored");
}

void add_restore(CLI::App& app, Run& run) {
  Command<RestoreCommandOptions> command(app, run, "restore",
                                         "make a ledger of a backup, and check it", restore);
  command.add("--from", &RestoreCommandOptions::from, "DIR", "folder of the backups")->required();
  command.add("--into", &RestoreCommandOptions::into, "DIR", "data folder to make; new or empty")
      ->required();
  command.number("--number", &RestoreCommandOptions::number, 1, UINT32_MAX,
                 "which backup; default the newest verified one");
  command.add("--position", &RestoreCommandOptions::position, "0-N",
              "restore only what was committed up to this position");
  command.keys("folder of the key files; default those in the backup");
  command.config();
  command.json("as JSON");
}

void add_keys(CLI::App& app, Run& run) {
  CLI::App& keys = *app.add_subcommand("keys", "make, rotate and show the key files of a ledger");
  keys.group("Commands")->require_subcommand(1);
  Command<KeysOptions> create(keys, run, "create", "make the key files of a new ledger",
                              create_keys);
  create.keys("folder to make; new or empty")->required();
  create.json("as JSON");
  const auto add_to_some = [&](const std::string& name, const std::string& description,
                               int (*execute)(const KeysOptions&)) {
    Command<KeysOptions> command(keys, run, name, description, execute);
    command.exactly_one("--data", &KeysOptions::data, "--keys", &KeysOptions::keys);
    command.add("--data", &KeysOptions::data, "DIR", "data folder, with its keys in DIR/keys; or");
    command.keys("folder of the key files");
    command.json("as JSON");
  };
  add_to_some("rotate",
              "replace the master key: the key that encrypts national numbers is wrapped with a "
              "new one. Nobody may have the ledger open. Numbers are encrypted as before; the "
              "signing key stays: it is not rotated",
              rotate_keys);
  add_to_some("show", "key id, public key, and whether the files are whole; nothing secret",
              show_keys);
}

/// The arguments as the parser wants them: `help COMMAND` is `COMMAND --help`.
std::vector<std::string> arguments_of(int argc, char** argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  if (arguments.empty()) return arguments;
  if (arguments.front() == "version") arguments.front() = "--version";
  if (arguments.front() == "help") {
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  return arguments;
}

/// Throws UsageError when the arguments do not begin with a command, and its part if it has parts.
/// `called` is what has come before them.
void require_command(const CLI::App& app, const std::string& called,
                     std::span<const std::string> arguments) {
  const auto commands = app.get_subcommands({});
  if (commands.empty() || (!arguments.empty() && arguments.front().starts_with('-'))) return;
  std::string names;
  for (const CLI::App* const command : commands) {
    if (!arguments.empty() && command->get_name() == arguments.front()) {
      return require_command(*command, called + ' ' + command->get_name(), arguments.subspan(1));
    }
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  throw UsageError(
      (arguments.empty() ? "name a command" : "there is no command '" + arguments.front() + "'") +
      "; the commands are " + names + "; `" + called + " --help` describes them");
}

/// The program and the commands that the arguments have named.
std::string called_by(const CLI::App& app) {
  std::string called = app.get_name();
  for (auto named = app.get_subcommands(); !named.empty();
       named = named.front()->get_subcommands()) {
    called += ' ' + named.front()->get_name();
  }
  return called;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{
      "frikort, the co-payment ledger: takes every report, adds it to the person's year, "
      "issues the exemption card, and shows how timely practices report.",
      "frikort"};
  app.formatter(std::make_shared<HelpText>());
  app.footer("Exit status: 0 done, 1 findings, 2 wrong usage, 3 could not run.");
  app.set_version_flag("--version", fmt::format("{} ({})", program_version, program_commit));
  app.require_subcommand(1);
  Run run;
  for (const auto add : {add_serve, add_generate, add_load, add_status, add_reconcile, add_verify,
                         add_rebuild, add_backup, add_restore, add_export, add_keys}) {
    add(app, run);
  }
  std::vector<std::string> arguments = arguments_of(argc, argv);
  require_command(app, app.get_name(), arguments);
  try {
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::Success& asked) {
    std::ostringstream out;
    app.exit(asked, out, out);
    fmt::print("{}", out.str());
    return exit_done;
  } catch (const CLI::ParseError& error) {
    throw UsageError(
        fmt::format("{}; `{} --help` shows the options", error.what(), called_by(app)));
  }
  return run();
}

}  // namespace api
