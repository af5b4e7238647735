// The program: reads the command line and calls one command.

#include <CLI/CLI.hpp>
#include <exception>
#include <functional>
#include <iostream>

#include "api/commands.h"
#include "api/version.h"

namespace {

/// Options that choose between a ledger on disk and a running server: exactly one.
template <class Options>
void add_ledger_options(CLI::App& command, Options& options) {
  auto* const group = command.add_option_group("ledger", "which ledger");
  auto* const data =
      group->add_option("--data", options.data, "data folder of a ledger that no server has open");
  group->add_option("--server", options.server,
                    "URL of a running server, such as http://127.0.0.1:8080, or unix:PATH");
  group->require_option(1);
  command
      .add_option("--keys", options.keys, "folder of the key files, with --data; default DATA/keys")
      ->needs(data);
  command.add_option("--config", options.config, "configuration file (TOML)")
      ->check(CLI::ExistingFile);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "frikort, the co-payment ledger: takes every report, adds it to the person's year, "
      "issues the exemption card, and shows how timely practices report."};
  app.set_version_flag("--version", std::string(api::program_version) + " (" +
                                        std::string(api::program_commit) + ")");
  app.require_subcommand(1);
  std::function<int()> run;

  api::ServeOptions serve;
  CLI::App* const serve_command = app.add_subcommand("serve", "run the service");
  serve_command->add_option("--data", serve.data, "data folder; made when it does not exist")
      ->required();
  serve_command
      ->add_option("--listen", serve.listen,
                   "IP address and port, or unix:PATH: a socket file for callers on this machine")
      ->capture_default_str();
  serve_command
      ->add_option("--auth", serve.auth,
                   "none: every caller has every role, on loopback only; jwt: tokens (not yet)")
      ->capture_default_str();
  serve_command->add_option("--config", serve.config, "configuration file (TOML)")
      ->check(CLI::ExistingFile);
  serve_command->add_option("--keys", serve.keys, "folder of the key files; default DATA/keys");
  serve_command->add_option("--threads", serve.threads, "network threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  serve_command
      ->add_option("--spinning-threads", serve.spinning_threads,
                   "keep idle processors awake while single items come without a pause; 0 where "
                   "processor time is rationed")
      ->capture_default_str()
      ->check(CLI::Range(0, 64));
  serve_command->callback([&] { run = [&] { return api::serve(serve); }; });

  api::GenerateOptions generate;
  CLI::App* const generate_command = app.add_subcommand(
      "generate", "make a synthetic year of reports as NDJSON, in order of receipt");
  generate_command
      ->add_option("--registrations", generate.registrations, "accepted co-payments to make")
      ->required();
  generate_command->add_option("--persons", generate.persons,
                               "inhabitants; default in national proportion");
  generate_command->add_option("--year", generate.year, "year of service")->required();
  generate_command->add_option("--seed", generate.seed, "same seed, same bytes")
      ->capture_default_str();
  generate_command->add_option("--output", generate.output, "file, or - for standard output")
      ->required();
  generate_command->add_flag("--json", generate.is_json, "summary as JSON");
  generate_command->callback([&] { run = [&] { return api::generate(generate); }; });

  api::LoadOptions load;
  CLI::App* const load_command =
      app.add_subcommand("load", "submit files of items, in file order; may be run again");
  add_ledger_options(*load_command, load);
  load_command->add_flag("--trust-received-time", load.trusts_received_time,
                         "take receivedTime from the items; else it is an unknown field");
  load_command->add_flag("--strict", load.is_strict, "exit status 1 when an item is rejected");
  load_command->add_flag("--json", load.is_json, "summary as JSON");
  load_command->add_option("files", load.files, "NDJSON files; - for standard input")->required();
  load_command->callback([&] { run = [&] { return api::load(load); }; });

  api::StatusOptions status;
  CLI::App* const status_command =
      app.add_subcommand("status", "counts, sums, cards, journal head, state checksum");
  add_ledger_options(*status_command, status);
  status_command->add_flag("--json", status.is_json, "as JSON");
  status_command->callback([&] { run = [&] { return api::status(status); }; });

  api::RebuildOptions rebuild;
  CLI::App* const rebuild_command = app.add_subcommand(
      "rebuild", "replay the journal into an empty store, and compare every row and the checksum");
  rebuild_command->add_option("--data", rebuild.data, "data folder that no server has open")
      ->required();
  rebuild_command
      ->add_option("--into", rebuild.into,
                   "folder for the rebuilt ledger; must not exist, or be empty")
      ->required();
  rebuild_command->add_option("--keys", rebuild.keys, "folder of the key files; default DATA/keys");
  rebuild_command->add_option("--config", rebuild.config, "configuration file (TOML)")
      ->check(CLI::ExistingFile);
  rebuild_command->add_flag("--json", rebuild.is_json, "as JSON");
  rebuild_command->callback([&] { run = [&] { return api::rebuild(rebuild); }; });

  api::VerifyOptions verify;
  CLI::App* const verify_command = app.add_subcommand(
      "verify",
      "check the journal from its files and the public key alone: every record, the chain, roots, "
      "signatures, and that its end was not cut off; a server may run; exit status 1 names the "
      "first bad record");
  verify_command->add_option("--data", verify.data, "data folder")->required();
  verify_command->add_option(
      "--public-key", verify.public_key,
      "file with the public key, in hexadecimal or PEM; default DATA/keys/signing.pub. Give the "
      "one you keep yourself: who can change the folder can change the key in it");
  verify_command->add_flag("--json", verify.is_json, "as JSON");
  verify_command->callback([&] { run = [&] { return api::verify(verify); }; });

  api::ExportOptions exporting;
  CLI::App* const export_command = app.add_subcommand(
      "export",
      "write the ledger out for other programs, as of one position: entries, accounts, cards, "
      "refund_lines, timeliness, practices, events, and a manifest with their hashes. Persons are "
      "numbers of this ledger, never national ones. No server may run: while one does, export from "
      "a copy of the ledger");
  export_command->add_option("--data", exporting.data, "data folder")->required();
  export_command
      ->add_option("--output", exporting.output, "folder that does not exist yet or is empty")
      ->required();
  export_command->add_option("--year", exporting.year, "only what concerns this year of service");
  export_command->add_option("--format", exporting.format, "ndjson or csv")
      ->capture_default_str()
      ->check(CLI::IsMember({"ndjson", "csv"}));
  export_command->add_flag("--journal", exporting.has_journal,
                           "also journal.records: every record with its length before it, as "
                           "scripts/audit.py reads it");
  export_command->add_option("--keys", exporting.keys,
                             "folder of the key files; default DATA/keys");
  export_command->add_option("--config", exporting.config, "configuration file (TOML)")
      ->check(CLI::ExistingFile);
  export_command->add_flag("--json", exporting.is_json, "the manifest on standard output");
  export_command->callback([&] { run = [&] { return api::export_ledger(exporting); }; });

  api::ReconcileOptions reconcile;
  CLI::App* const reconcile_command = app.add_subcommand(
      "reconcile",
      "recompute a year, compare it with what is kept, and make its next signed statement");
  add_ledger_options(*reconcile_command, reconcile);
  reconcile_command->add_option("--year", reconcile.year, "calendar year of service")->required();
  reconcile_command
      ->add_option("--output", reconcile.output,
                   "folder for the files of the statement, the refund file and report.html; new or "
                   "empty")
      ->required();
  reconcile_command->add_flag(
      "--dry-run", reconcile.is_dry_run,
      "a statement without number and signature that the ledger does not keep");
  reconcile_command->add_flag("--without-numbers", reconcile.is_without_numbers,
                              "no refund file: it has national numbers");
  reconcile_command->add_flag("--json", reconcile.is_json, "the statement as JSON");
  reconcile_command->callback([&] { run = [&] { return api::reconcile(reconcile); }; });

  api::BackupCommandOptions backup;
  CLI::App* const backup_command = app.add_subcommand(
      "backup", "a consistent, incremental backup, restored once to see that it is good");
  add_ledger_options(*backup_command, backup);
  backup_command
      ->add_option("--to", backup.to,
                   "folder of the backups, on the machine of the ledger: new, or that of earlier "
                   "backups of the same ledger")
      ->required();
  backup_command
      ->add_option("--keep", backup.keep, "backups to keep; older ones are deleted after a success")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  backup_command->add_flag("--without-verify", backup.is_without_verify,
                           "do not restore it once to see that it is good");
  backup_command->add_flag("--without-keys", backup.is_without_keys,
                           "leave private keys out; restore then wants --keys");
  backup_command->add_flag("--json", backup.is_json, "as JSON");
  backup_command->callback([&] { run = [&] { return api::backup(backup); }; });

  api::RestoreCommandOptions restore;
  CLI::App* const restore_command =
      app.add_subcommand("restore", "make a ledger of a backup, and check it");
  restore_command->add_option("--from", restore.from, "folder of the backups")->required();
  restore_command
      ->add_option("--into", restore.into, "data folder to make; must not exist, or be empty")
      ->required();
  restore_command->add_option("--number", restore.number,
                              "which backup; default the newest verified one");
  restore_command->add_option("--position", restore.position,
                              "restore only what was committed up to this position, 0-N");
  restore_command->add_option("--keys", restore.keys,
                              "folder of the key files; default those in the backup");
  restore_command->add_option("--config", restore.config, "configuration file (TOML)")
      ->check(CLI::ExistingFile);
  restore_command->add_flag("--json", restore.is_json, "as JSON");
  restore_command->callback([&] { run = [&] { return api::restore(restore); }; });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? api::exit_done : api::exit_wrong_usage;
  }
  try {
    return run();
  } catch (const api::UsageError& error) {
    std::cerr << "frikort: " << error.what() << "\n";
    return api::exit_wrong_usage;
  } catch (const std::exception& error) {
    std::cerr << "frikort: " << error.what() << "\n";
    return api::exit_could_not_run;
  }
}
