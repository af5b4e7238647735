// frikort reconcile: a year recomputed and compared, and the files of its next statement.

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/commands/server_job.h"
#include "api/http/http_client.h"
#include "api/pages/report_page.h"
#include "api/program/output.h"
#include "api/program/progress.h"
#include "api/program/usage_error.h"
#include "api/runtime/acts.h"
#include "api/runtime/config.h"
#include "api/runtime/status_text.h"
#include "ingest/items/clock.h"
#include "storage/closing/closing.h"
#include "storage/closing/payouts.h"
#include "storage/closing/publication.h"
#include "storage/closing/reconciliation.h"
#include "storage/closing/statement_files.h"
#include "storage/closing/statement_series.h"
#include "storage/files/files.h"
#include "storage/files/fresh_folder.h"
#include "storage/files/output_file.h"
#include "storage/json/json.h"

namespace api {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct ReconcileOptions : ServerAccess {
  std::string data;
  std::string keys;
  std::string config;
  int year = 0;
  std::uint64_t number = 0;  ///< of a kept statement to write out once more; 0: make the next one
  std::string output;
  bool is_dry_run = false;
  bool is_early = false;
  bool is_without_numbers = false;
  bool is_refund_file_only = false;
  bool waits = false;  ///< until another job of the server has ended
  bool is_json = false;
};

constexpr std::string_view refund_file = "refund_file.ndjson";
/// How long the access log may take nothing while numbers are told, and how often it is asked.
constexpr auto note_wait = std::chrono::seconds{30};
constexpr auto note_interval = std::chrono::milliseconds{200};

std::string no_statement(const ReconcileOptions& options) {
  return fmt::format("there is no statement {}-{}", options.year, options.number);
}

/// Notes in the access log that numbers are told. Waits while the log writes what it has.
storage::NoteNumber note_numbers(storage::LedgerFiles& files) {
  return [&files](const ledger::EncryptedNumber& number) {
    auto record = storage::AccessRecord::of_person(storage::AccessWhat::number, number);
    record.time = ingest::now();
    record.asker.client = "frikort reconcile";
    storage::AccessLog& log = files.access_log();
    auto noted = log.add(record);
    const auto end = std::chrono::steady_clock::now() + note_wait;
    while (!noted && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(note_interval);
      noted = log.add(record);
    }
    return noted;
  };
}

void write_refund_file(const fs::path& statement, const fs::path& output,
                       storage::LedgerFiles& files) {
  // Only its owner can read it: it has national numbers.
  storage::OutputFile file(output / refund_file, 0600);
  std::ifstream payouts(statement / "payouts.ndjson", std::ios::binary);
  const storage::NoteNumber note = note_numbers(files);
  std::string row;
  while (std::getline(payouts, row)) {
    const auto rows = storage::refund_rows(row + "\n", files.state(), files.keys().numbers, note);
    if (!rows) throw std::runtime_error("the access log takes nothing: " + rows.error().message());
    file.write(rows.value());
  }
  if (!payouts.eof()) throw std::runtime_error("cannot read the payouts of the statement");
  file.close();
}

void write_report(const fs::path& output) {
  storage::OutputFile file(output / "report.html");
  file.write(report_page(storage::read_file(output / "statement.json")));
  file.close();
}

/// Everything that is handed out, from the folder of a statement.
void write_output(const ReconcileOptions& options, const fs::path& statement,
                  const fs::path& output, storage::LedgerFiles& files) {
  for (const std::string& name : storage::files_of_statement(statement)) {
    storage::copy_new_file(statement / name, output / name);
  }
  if (!options.is_without_numbers) write_refund_file(statement, output, files);
  write_report(output);
}

void check_closing(const ReconcileOptions& options, storage::LedgerFiles& files) {
  const auto refusal = options.is_dry_run ? storage::dry_run_refusal(files, options.year)
                                          : storage::closing_refusal(
                                                files, options.year,
                                                ledger::oslo_date(ingest::now()), options.is_early);
  if (refusal) throw UsageError(refusal->reason);
}

/// Refunds are paid by what is written out: it is what was signed, or nothing.
void require_whole(storage::LedgerFiles& files, const ReconcileOptions& options,
                   const fs::path& statement) {
  const auto entry = storage::find_statement(files, options.year, options.number);
  if (!entry) throw UsageError(no_statement(options));
  const std::string fault = storage::statement_fault(statement, *entry, files.public_keys());
  if (fault.empty()) return;
  throw std::runtime_error(storage::statement_fault_text(storage::name_of(*entry), fault));
}

/// Reconciles a ledger that no server has open. The statement takes its place when the output is
/// whole: so nothing is named to be paid that nobody has got.
void reconcile_offline(const ReconcileOptions& options, const fs::path& output) {
  require_ledger(options.data);
  const Config config = read_config(options.config);
  PhasedProgress progress;
  const storage::ReportProgress report = progress.report();
  storage::LedgerOptions ledger = ledger_options(options.data, options.keys, config);
  ledger.on_replay = [&report](ledger::Position at, ledger::Position end) {
    report("applying the journal", "entries", at.value(), end.value());
  };
  storage::LedgerFiles files(ledger);
  const auto use_files = [&](const fs::path& statement) {
    write_output(options, statement, output, files);
  };
  if (options.number != 0) {
    storage::finish_publications(files.folder(), storage::all_statements(files));
    const auto kept = storage::statements_of(files.folder() / "statements", options.year);
    if (!kept.contains(options.number)) throw UsageError(no_statement(options));
    require_whole(files, options, kept.at(options.number));
    return use_files(kept.at(options.number));
  }
  check_closing(options, files);
  if (!options.is_dry_run) note_act(files, "reconcile", std::to_string(options.year));
  const auto copy_state = [&files](const fs::path& folder) {
    files.hand_over_state();
    files.state().copy_files(folder);
  };
  const auto append = [&files](const ledger::StatementEntry& statement) {
    return append_note(files, statement);
  };
  const storage::ReconciliationSource source{
      options.data, files.journal(),       files.state().statements(options.year),
      append,       *files.keys().signing, files.rules(),
      copy_state,   ingest::now()};
  const storage::MadeStatement made =
      storage::reconcile(source, options.year, options.is_dry_run, report, use_files);
  progress.finish();
  if (options.is_dry_run) fs::remove_all(made.folder.parent_path());
}

std::string statement_location(const ReconcileOptions& options) {
  return fmt::format("/v1/reconciliations/{}-{}", options.year, options.number);
}

HttpClient::Answer first_piece(HttpClient& client, const std::string& location,
                               std::string_view name) {
  return get_when_ready(client, fmt::format("{}/file?name={}", location, name));
}

/// Fetches a file piece by piece, from its first piece on.
void fetch(HttpClient& client, const std::string& location, std::string_view name,
           HttpClient::Answer piece, const fs::path& output, mode_t mode = 0644) {
  storage::OutputFile file(output / name, mode);
  for (;;) {
    require_status(piece, 200);
    file.write(piece.body);
    if (piece.next_offset.empty()) break;
    piece = get_when_ready(
        client, fmt::format("{}/file?name={}&offset={}", location, name, piece.next_offset));
  }
  file.close();
}

void fetch(HttpClient& client, const std::string& location, std::string_view name,
           const fs::path& output) {
  fetch(client, location, name, first_piece(client, location, name), output);
}

/// False when the server gives it to others alone.
bool fetch_refund_file(HttpClient& client, const std::string& location, const fs::path& output) {
  const HttpClient::Answer first = first_piece(client, location, refund_file);
  if (first.status == 403) return false;
  fetch(client, location, refund_file, first, output, 0600);
  return true;
}

/// Has the server make the year's next statement.
ServerJobResult make_statement(HttpClient& client, const ReconcileOptions& options) {
  PhasedProgress progress;
  const storage::Json request = storage::Json::object(
      {{"year", options.year}, {"dryRun", options.is_dry_run}, {"early", options.is_early}});
  ServerJobResult made = run_server_job(
      client, {"reconciliation", "/v1/reconciliations", request.text(), options.waits},
      progress.report());
  progress.finish();
  return made;
}

/// A statement that the server keeps.
ServerJobResult kept_statement(HttpClient& client, const ReconcileOptions& options) {
  const std::string location = statement_location(options);
  const HttpClient::Answer answer = get_when_ready(client, location);
  if (answer.status == 404) throw UsageError(no_statement(options));
  require_status(answer, 200);
  return {location, json::parse(answer.body).as_object()};
}

/// Has a running server reconcile. False when the refund file is for others alone.
bool reconcile_online(const ReconcileOptions& options, const fs::path& output) {
  HttpClient client(options);
  const auto [location, job] =
      options.number == 0 ? make_statement(client, options) : kept_statement(client, options);
  if (options.is_dry_run) {
    storage::OutputFile file(output / "statement.json");
    file.write(json::serialize(job.at("statement")) + "\n");
    file.close();
    write_report(output);
    return true;
  }
  try {
    for (const json::value& file : job.at("manifest").at("files").as_array()) {
      fetch(client, location, std::string(file.at("name").as_string()), output);
    }
    fetch(client, location, "manifest.json", output);
    fetch(client, location, "manifest.sig", output);
    write_report(output);
    return options.is_without_numbers || fetch_refund_file(client, location, output);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(
        fmt::format("{}; the server keeps the statement; remedy: when the cause is gone, get it "
                    "with --number {}",
                    error.what(), job.at("number").to_number<std::uint64_t>()));
  }
}

void print_summary(const json::object& statement, const fs::path& output) {
  const auto number = [&](const char* name) {
    return statement.at("totals").at(name).to_number<std::int64_t>();
  };
  fmt::print("statement        {} up to {}\n", std::string(statement.at("statement").as_string()),
             std::string(statement.at("position").as_string()));
  fmt::print("registrations    {}, counted {}\n", number("registrations"),
             kroner_text(number("countedOre")));
  fmt::print("cards            {}, under review {}\n", number("cards"), number("cardsUnderReview"));
  const auto refund = [&](const char* name) {
    return statement.at("refunds").at(name).to_number<std::int64_t>();
  };
  fmt::print("refunds          {}, of which {} were named before\n", kroner_text(refund("dueOre")),
             kroner_text(refund("namedOre")));
  if (refund("namedOre") != 0) {
    fmt::print("named before     by statements up to {}; --number N writes their files once more\n",
               std::string(statement.at("previous").at("statement").as_string()));
  }
  fmt::print("to pay now       {} to {} persons", kroner_text(refund("payOre")),
             refund("payPersons"));
  if (refund("takeBackPersons") != 0) {
    fmt::print("; to take back {} from {} persons", kroner_text(-refund("takeBackOre")),
               refund("takeBackPersons"));
  }
  fmt::print("\n");
  const json::object& cost = statement.at("latenessCost").as_object();
  fmt::print("cost of lateness {} ({} by lateness)\n",
             kroner_text(cost.at("overpaidOre").to_number<std::int64_t>()),
             kroner_text(cost.at("byLatenessOre").to_number<std::int64_t>()));
  const json::object& differences = statement.at("differences").as_object();
  fmt::print("differences      {}\n", differences.at("count").to_number<std::int64_t>());
  for (const auto& kind : differences.at("byKind").as_object()) {
    if (kind.value().to_number<std::int64_t>() == 0) continue;
    fmt::print("  {:<22} {}\n", std::string(kind.key()), kind.value().to_number<std::int64_t>());
  }
  if (!statement.at("isYearOver").as_bool()) fmt::print("the year is not over\n");
  fmt::print("reports until    {}, credit notes until {}, payments always\n",
             std::string(statement.at("lastReportDay").as_string()),
             std::string(statement.at("lastCreditNoteDay").as_string()));
  fmt::print("files            {}\n", output.string());
}

/// Whether it follows from the statement before, as far as that one's files are there.
bool is_explained(const json::object& statement) {
  const json::value& changes = statement.at("changes");
  if (changes.is_null()) return true;
  return statement.at("previous").at("isConfirmed").as_bool() &&
         changes.at("isExplained").as_bool();
}

/// For who pays and may have nothing else of a statement.
int get_refund_file(const ReconcileOptions& options, storage::FreshFolder& output) {
  if (options.server.empty() || options.number == 0) {
    throw UsageError("--refund-file-only wants --server and --number");
  }
  HttpClient client(options);
  const std::string location = statement_location(options);
  const HttpClient::Answer first = first_piece(client, location, refund_file);
  if (first.status == 404) throw UsageError(no_statement(options));
  fetch(client, location, refund_file, first, output.path(), 0600);
  output.keep();
  const std::string path = (fs::path(options.output) / refund_file).string();
  if (options.is_json) {
    print(storage::Json::object({{"refundFile", path}}));
  } else {
    fmt::print("refund file      {}\n", path);
  }
  return exit_done;
}

void say_that_the_refund_file_is_missing(const ReconcileOptions& options,
                                         const json::object& statement) {
  fmt::print(stderr,
             "frikort: the refund file is not in {}: the server gives it to the role payout alone; "
             "remedy: with a token of that role, reconcile --refund-file-only --year {} --number "
             "{}\n",
             options.output, options.year, statement.at("number").to_number<std::int64_t>());
}

int reconcile(const ReconcileOptions& options) {
  require_unused("--output", options.output);
  // Under another name until all of it is there.
  storage::FreshFolder output(options.output);
  if (options.is_refund_file_only) return get_refund_file(options, output);
  bool is_whole = true;
  if (options.server.empty()) {
    reconcile_offline(options, output.path());
  } else {
    is_whole = reconcile_online(options, output.path());
  }
  const std::string text = storage::read_file(output.path() / "statement.json");
  const json::object statement = json::parse(text).as_object();
  try {
    output.keep();
  } catch (const std::exception& error) {
    if (options.is_dry_run) throw;
    throw std::runtime_error(fmt::format(
        "{}; the statement has been made, and the ledger keeps it; remedy: write it out "
        "with --number {} into another folder",
        error.what(), statement.at("number").to_number<std::int64_t>()));
  }
  if (options.is_json) {
    fmt::print("{}", text);
  } else {
    print_summary(statement, options.output);
  }
  if (!is_whole) say_that_the_refund_file_is_missing(options, statement);
  const bool is_clean = statement.at("differences").at("count").to_number<std::int64_t>() == 0 &&
                        is_explained(statement);
  return is_clean && is_whole ? exit_done : exit_findings;
}

}  // namespace

void add_reconcile_command(const Commands& commands) {
  Command<ReconcileOptions> command(
      commands, "reconcile",
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
  command.flag("--refund-file-only", &ReconcileOptions::is_refund_file_only,
               "with --server and --number: only the refund file, for a token of the role payout");
  command.waits();
  command.json("the statement as JSON");
  command.findings(
      "there are differences, the statement before is not confirmed, or the server gives the "
      "refund file to others alone");
}

}  // namespace api
