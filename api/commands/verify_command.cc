#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/program/output.h"
#include "api/program/progress.h"
#include "api/program/usage_error.h"
#include "api/runtime/key_set.h"
#include "ledger/values/hex.h"
#include "ledger/values/position_text.h"
#include "storage/access_log/access_check.h"
#include "storage/closing/statement_files.h"
#include "storage/crypto/crypto.h"
#include "storage/files/files.h"
#include "storage/files/stopwatch.h"
#include "storage/json/json.h"
#include "storage/ledger_files/verify.h"

namespace api {
namespace {

namespace fs = std::filesystem;
using storage::Json;

struct VerifyOptions {
  std::string data;
  std::string public_key;  ///< file; empty: the one in the data folder
  std::string since;       ///< a position; empty: the beginning
  bool is_json = false;
};

storage::PublicKey read_public_key(const fs::path& path) {
  const std::string text = storage::read_file(path);
  try {
    return storage::parse_public_key(text);
  } catch (const std::exception& error) {
    throw std::runtime_error(path.string() + ": " + error.what());
  }
}

/// The end of the journal that a statement of reconciliation was made of.
storage::KnownEnd read_statement(const fs::path& path) {
  storage::KnownEnd end;
  end.source = "statement " + path.parent_path().filename().string();
  boost::system::error_code error;
  const boost::json::value read = boost::json::parse(storage::read_file(path), error);
  const auto text_of = [&](std::string_view name) -> std::string_view {
    const boost::json::value* const member =
        !error && read.is_object() ? read.as_object().if_contains(name) : nullptr;
    if (member == nullptr || !member->is_string()) return {};
    return {member->as_string().data(), member->as_string().size()};
  };
  const auto root = ledger::from_hex(text_of("root"));
  if (!ledger::parse_position(text_of("position"), end.position) || !root ||
      root->size() != end.root.size()) {
    throw std::runtime_error(path.string() + " names no position and root");
  }
  std::copy(root->begin(), root->end(), end.root.begin());
  return end;
}

std::vector<storage::KnownEnd> read_statements(const fs::path& folder) {
  std::vector<storage::KnownEnd> ends;
  if (!fs::is_directory(folder)) return ends;
  for (const auto& statement : fs::directory_iterator(folder)) {
    const fs::path path = statement.path() / "statement.json";
    // One that was changed says nothing of the journal; it is told of as a fault of its own.
    const bool is_told = fs::exists(path) && storage::is_as_listed(statement.path());
    if (is_told) ends.push_back(read_statement(path));
  }
  return ends;
}

/// The sealed access log, held against the heads that the journal names. They are all of this log:
/// a ledger has one.
storage::AccessCheck check_access_log(const fs::path& folder, const storage::VerifyReport& report) {
  std::vector<storage::AccessHead> heads;
  for (const ledger::AccessLogEntry& entry : report.access_log_heads) {
    heads.push_back({entry.node, entry.blocks, entry.root});
  }
  return storage::check_access_log(folder / "access-log", report.keys, heads);
}

Json access_log_json(const storage::AccessCheck& log) {
  return Json::object({{"blocks", log.blocks},
                       {"records", log.records},
                       {"erased", log.erased},
                       {"finding", log.finding.empty() ? Json() : Json(log.finding)}});
}

/// What was found beside the journal.
struct Beside {
  storage::AccessCheck access_log;
  std::vector<storage::StatementFault> statements;

  bool is_clean() const { return access_log.finding.empty() && statements.empty(); }
};

void print_json(const storage::VerifyReport& report, const Beside& beside, double seconds) {
  const storage::AccessCheck& log = beside.access_log;
  Json faults = Json::array();
  for (const storage::StatementFault& fault : beside.statements) faults.add(text_of(fault));
  Json state;
  if (report.state_position) state = ledger::to_string(*report.state_position);
  Json finding;
  if (report.finding) {
    finding = Json::object({{"position", ledger::to_string(report.finding->position)},
                            {"what", report.finding->what}});
  }
  print(Json::object({{"records", report.records},
                      {"entries", report.entries},
                      {"bytes", report.bytes},
                      {"first", ledger::to_string(report.first)},
                      {"last", ledger::to_string(report.last)},
                      {"root", ledger::to_hex(report.root)},
                      {"keyId", report.key_id},
                      {"keys", key_set_json(report.keys)},
                      {"erased", report.erased},
                      {"passedOver", report.passed_over},
                      {"statePosition", state},
                      {"statements", report.statements.size()},
                      {"statementFindings", faults},
                      {"seconds", Json::fixed(seconds, 3)},
                      {"accessLog", access_log_json(log)},
                      {"finding", finding}}));
}

void print_text(const storage::VerifyReport& report, const Beside& beside, double seconds) {
  const storage::AccessCheck& log = beside.access_log;
  const auto row = [](std::string_view name, const auto& value) {
    fmt::print("{:<18} {}\n", name, value);
  };
  row("records", report.records);
  row("entries", report.entries);
  row("last position", ledger::to_string(report.last));
  row("root", ledger::to_hex(report.root));
  row("key", report.key_id);
  for (const storage::PublicKey& key : std::span(report.keys).subspan(1)) {
    row("key after it", storage::key_id_of(key));
  }
  if (report.erased != 0) row("erased", fmt::format("{} national numbers", report.erased));
  if (report.passed_over != 0) {
    row("not checked", fmt::format("{} records before --since", report.passed_over));
  }
  row("state", report.state_position
                   ? ledger::to_string(*report.state_position)
                   : "cannot be asked; an end that was cut off is not seen by it");
  row("statements", report.statements.size());
  const double mib = static_cast<double>(report.bytes) / 1048576;
  row("read", fmt::format("{:.1f} MiB in {:.1f} s, {:.0f} MiB/s, {:.0f} records/s", mib, seconds,
                          mib / seconds, static_cast<double>(report.records) / seconds));
  row("access log", fmt::format("{} queries in {} blocks", log.records, log.blocks));
  if (log.erased != 0) row("erased there", fmt::format("{} national numbers", log.erased));
  if (!log.finding.empty()) fmt::print("finding: access log: {}\n", log.finding);
  for (const storage::StatementFault& fault : beside.statements) {
    fmt::print("finding: {}\n", text_of(fault));
  }
  if (!report.finding) {
    if (beside.is_clean()) fmt::print("no finding: chain, roots and signatures fit\n");
    return;
  }
  fmt::print(
      "finding: {}\n"
      "What stands before this position is proven; nothing from there on is. Remedy: restore the "
      "latest backup that verifies.\n",
      report.finding->what);
}

int verify(const VerifyOptions& options) {
  const fs::path folder = options.data;
  storage::VerifyOptions wanted;
  if (!options.since.empty() && !ledger::parse_position(options.since, wanted.since)) {
    throw UsageError(
        "--since takes a position such as 0-4711, as answers, statements and backups name them");
  }
  wanted.folder = folder;
  wanted.public_key = read_public_key(options.public_key.empty() ? folder / "keys" / "signing.pub"
                                                                 : fs::path(options.public_key));
  wanted.known_ends = read_statements(folder / "statements");
  std::optional<Progress> progress;
  wanted.on_progress = [&](std::uint64_t done, std::uint64_t total) {
    if (!progress) progress.emplace("verify", "records", total);
    progress->update(done);
  };
  const storage::Stopwatch stopwatch;
  storage::VerifyReport report = storage::verify_journal(wanted);
  if (!report.finding && wanted.since.value() > report.last.value() + 1) {
    report.finding = storage::Finding{
        ledger::Position{report.last.value() + 1},
        fmt::format("the journal ends at {}, before the position of --since: its end was cut off",
                    ledger::to_string(report.last))};
  }
  const double seconds = stopwatch.seconds();
  if (progress && !report.finding) progress->finish(report.records);
  Beside beside{check_access_log(folder, report),
                storage::statement_faults(folder, report.statements, report.keys)};
  for (auto& fault : storage::other_statement_faults(folder, report.statements)) {
    beside.statements.push_back(std::move(fault));
  }
  if (options.is_json) {
    print_json(report, beside, seconds);
  } else {
    print_text(report, beside, seconds);
  }
  return report.finding || !beside.is_clean() ? exit_findings : exit_done;
}

}  // namespace

void add_verify_command(const Commands& commands) {
  Command<VerifyOptions> command(
      commands, "verify",
      "check the journal by its files and the public key, the access log, and the statements",
      verify);
  command.data("data folder; a server may have it open");
  command.add("--public-key", &VerifyOptions::public_key, "FILE",
              "public key, hexadecimal or PEM; default DATA/keys/signing.pub. Give a copy of your "
              "own: who can change the folder can change the key in it");
  command.add(
      "--since", &VerifyOptions::since, "POSITION",
      "check only the records from the one with this position on; those before it are read, "
      "because persons, practices, rules and keys begin there");
  command.json();
  command.findings("the first record that does not verify is named");
}

}  // namespace api
