// frikort backup and frikort restore.

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <filesystem>
#include <stdexcept>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/commands/server_job.h"
#include "api/http/http_client.h"
#include "api/program/output.h"
#include "api/program/progress.h"
#include "api/program/usage_error.h"
#include "api/runtime/acts.h"
#include "api/runtime/config.h"
#include "ingest/items/clock.h"
#include "ledger/values/position_text.h"
#include "storage/backup/backup.h"
#include "storage/backup/restore.h"
#include "storage/files/stopwatch.h"
#include "storage/json/json.h"

namespace api {
namespace {

namespace fs = std::filesystem;
using storage::BackupManifest;
using storage::Json;

struct BackupOptions : ServerAccess {
  std::string data;
  std::string to;
  std::string keys;
  std::string config;
  std::size_t keep = 7;
  bool is_without_verify = false;
  bool is_without_keys = false;
  bool waits = false;  ///< until another job of the server has ended
  bool is_json = false;
};

struct RestoreOptions {
  std::string from;
  std::string into;
  std::string keys;
  std::string config;
  std::uint32_t number = 0;  ///< 0: the newest verified backup
  std::string position;
  bool is_json = false;
};

double rate(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}
double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

BackupManifest back_up_folder(const BackupOptions& options, const storage::ReportProgress& report) {
  const Config config = read_config(options.config);
  require_ledger(options.data);
  storage::LedgerOptions ledger = ledger_options(options.data, options.keys, config);
  ledger.on_replay = [&report](ledger::Position at, ledger::Position end) {
    report("open", "positions", at.value(), end.value());
  };
  storage::LedgerFiles files(ledger);
  const std::string fault = storage::backup_folder_fault(options.to, files);
  if (!fault.empty()) throw UsageError("--to: " + fault);
  storage::BackupOptions backup_options;
  backup_options.to = options.to;
  backup_options.now = ingest::now();
  backup_options.has_private_keys = !options.is_without_keys;
  backup_options.is_verified = !options.is_without_verify;
  backup_options.keep = options.keep;
  note_act(files, "backup", fs::absolute(options.to).string());
  const auto hand_over = [&files] { files.hand_over_state(); };
  // Nothing is written meanwhile, so everything is durable already.
  return storage::back_up({files, hand_over, [](ledger::Position) {}}, backup_options, report);
}

BackupManifest back_up_server(const BackupOptions& options, const storage::ReportProgress& report) {
  HttpClient client(options);
  const Json request = Json::object({{"to", fs::absolute(options.to).string()},
                                     {"verify", !options.is_without_verify},
                                     {"keep", options.keep},
                                     {"privateKeys", !options.is_without_keys}});
  const ServerJobResult made =
      run_server_job(client, {"backup", "/v1/backups", request.text(), options.waits}, report);
  return BackupManifest::parse(boost::json::serialize(made.job.at("result")));
}

void print_text(const BackupManifest& manifest) {
  fmt::print("backup {}: position {}, checksum {}\n", manifest.number,
             ledger::to_string(manifest.position), manifest.checksum);
  fmt::print("{:.1f} MB, of which {:.1f} MB are new, in {:.1f} s{}\n", megabytes(manifest.bytes),
             megabytes(manifest.new_bytes), static_cast<double>(manifest.milliseconds) / 1000,
             manifest.has_private_keys ? "; it holds the private keys: guard it like them" : "");
  switch (manifest.verification) {
    case BackupManifest::Verification::none:
      fmt::print("not verified\n");
      break;
    case BackupManifest::Verification::passed:
      fmt::print("verified: restored, replayed, and the checksum of all rows is the same\n");
      break;
    case BackupManifest::Verification::no_room:
      fmt::print(
          "not verified, no room: {}; remedy: make room there for one more copy of the ledger, or "
          "say --without-verify\n",
          manifest.reason);
      break;
    case BackupManifest::Verification::failed:
      fmt::print("BAD, it cannot be restored: {}; remedy: back up into another folder\n",
                 manifest.reason);
      break;
  }
  for (const std::string& finding : manifest.findings) fmt::print("finding: {}\n", finding);
}

std::optional<ledger::Position> parse_position(const std::string& text) {
  if (text.empty()) return std::nullopt;
  ledger::Position position;
  if (ledger::parse_position(text, position)) return position;
  throw UsageError("--position wants a position of the journal, 0-N, not '" + text + "'");
}

std::vector<std::string> findings_of(const storage::Restored& restored) {
  std::vector<std::string> findings;
  for (const storage::BackupList::Damaged& backup : restored.passed_over) {
    findings.push_back(text_of(backup) + "; an older one was restored");
  }
  for (const storage::StatementFault& fault : restored.faults) {
    findings.push_back(text_of(fault) + "; it was left out");
  }
  return findings;
}

void print_json(const storage::Restored& restored, double seconds) {
  const double bytes_per_second = rate(restored.bytes, restored.copy_seconds);
  const double positions_per_second = rate(restored.replayed, restored.replay_seconds);
  Json findings = Json::array();
  for (const std::string& finding : findings_of(restored)) findings.add(finding);
  print(Json::object({{"number", restored.manifest.number},
                      {"position", ledger::to_string(restored.position)},
                      {"checksum", restored.checksum},
                      {"seconds", Json::fixed(seconds, 3)},
                      {"bytes", restored.bytes},
                      {"copySeconds", Json::fixed(restored.copy_seconds, 3)},
                      {"bytesPerSecond", Json::fixed(bytes_per_second, 0)},
                      {"replayed", restored.replayed},
                      {"replaySeconds", Json::fixed(restored.replay_seconds, 3)},
                      {"positionsPerSecond", Json::fixed(positions_per_second, 0)},
                      {"checkSeconds", Json::fixed(restored.check_seconds, 3)},
                      {"statements", restored.statements.size() - restored.faults.size()},
                      {"findings", findings},
                      {"manifest", Json::verbatim(restored.manifest.to_json())}}));
}

void print_text(const storage::Restored& restored, double seconds) {
  fmt::print("restored backup {}: position {}, checksum {}, in {:.1f} s\n",
             restored.manifest.number, ledger::to_string(restored.position), restored.checksum,
             seconds);
  fmt::print("{:.1f} MB copied in {:.1f} s ({:.0f} MB a second)\n", megabytes(restored.bytes),
             restored.copy_seconds, rate(restored.bytes, restored.copy_seconds) / 1e6);
  fmt::print("{} positions replayed in {:.1f} s ({:.0f} a second), all rows checked in {:.1f} s\n",
             restored.replayed, restored.replay_seconds,
             rate(restored.replayed, restored.replay_seconds), restored.check_seconds);
  for (const std::string& finding : findings_of(restored)) fmt::print("finding: {}\n", finding);
}

int backup(const BackupOptions& options) {
  PhasedProgress progress;
  const BackupManifest manifest = options.server.empty()
                                      ? back_up_folder(options, progress.report())
                                      : back_up_server(options, progress.report());
  progress.finish();
  if (options.is_json) {
    fmt::print("{}\n", manifest.to_json());
  } else {
    print_text(manifest);
  }
  return manifest.reason.empty() && manifest.findings.empty() ? exit_done : exit_findings;
}

int restore(const RestoreOptions& options) {
  const storage::Stopwatch stopwatch;
  const Config config = read_config(options.config);
  require_unused("--into", options.into);
  storage::RestoreOptions restore_options;
  restore_options.from = options.from;
  restore_options.keys = options.keys;
  if (options.number != 0) restore_options.number = options.number;
  restore_options.position = parse_position(options.position);
  restore_options.files = ledger_options(options.into, {}, config);
  PhasedProgress progress;
  const storage::Restored restored = storage::restore(restore_options, progress.report());
  progress.finish();
  const double seconds = stopwatch.seconds();
  if (options.is_json) {
    print_json(restored, seconds);
  } else {
    print_text(restored, seconds);
  }
  return findings_of(restored).empty() ? exit_done : exit_findings;
}

}  // namespace

void add_backup_command(const Commands& commands) {
  Command<BackupOptions> command(commands, "backup",
                                 "a consistent, incremental backup, restored once to see that it "
                                 "is good",
                                 backup);
  command.ledger();
  command
      .add("--to", &BackupOptions::to, "DIR",
           "folder of the backups, on the ledger's machine: new, or with earlier backups of it")
      ->required();
  command.number("--keep", &BackupOptions::keep, 1, 10'000,
                 "backups to keep, default 7; older ones are deleted after a success");
  command.flag("--without-verify", &BackupOptions::is_without_verify,
               "do not restore it once to see that it is good");
  command.flag("--without-keys", &BackupOptions::is_without_keys,
               "leave private keys out; restore then wants --keys");
  command.waits();
  command.json();
  command.findings(
      "the backup could not be restored, or a statement or an earlier backup is damaged");
}

void add_restore_command(const Commands& commands) {
  Command<RestoreOptions> command(commands, "restore", "make a ledger of a backup, and check it",
                                  restore);
  command.add("--from", &RestoreOptions::from, "DIR", "folder of the backups")->required();
  command.add("--into", &RestoreOptions::into, "DIR", "data folder to make; new or empty")
      ->required();
  command.number("--number", &RestoreOptions::number, 1, UINT32_MAX,
                 "which backup; default the newest verified one");
  command.add("--position", &RestoreOptions::position, "0-N",
              "restore only what was committed up to this position");
  command.keys("folder of the key files; default those in the backup");
  command.config();
  command.json();
  command.findings("a newer backup cannot be used, or a statement is damaged and was left out");
}

}  // namespace api
