// frikort reconcile: a year recomputed and compared, and the files of its next statement.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "api/commands.h"
#include "api/config.h"
#include "api/http_client.h"
#include "api/progress.h"
#include "api/report_page.h"
#include "api/server_job.h"
#include "api/status_text.h"
#include "ingest/clock.h"
#include "storage/files.h"
#include "storage/reconciliation.h"
#include "storage/statement.h"

namespace api {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view refund_file = "refund_file.ndjson";

void prepare_output(const fs::path& output) {
  if (fs::exists(output) && (!fs::is_directory(output) || !fs::is_empty(output))) {
    throw UsageError("--output wants a new or empty folder; " + output.string() + " is not");
  }
  fs::create_directories(output);
}

/// Appends to a file that only its owner can read: it has national numbers.
class PrivateFile {
 public:
  explicit PrivateFile(const fs::path& path)
      : path_(path), file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
    if (file_ < 0) throw std::runtime_error("cannot create " + path.string());
  }
  ~PrivateFile() { ::close(file_); }
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;

  void write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(file_, text.data(), text.size());
      if (written <= 0) throw std::runtime_error("cannot write " + path_.string());
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  fs::path path_;
  int file_;
};

void write_refund_file(const fs::path& statement, const fs::path& output, storage::Shard& shard) {
  PrivateFile file(output / refund_file);
  std::ifstream payouts(statement / "payouts.ndjson", std::ios::binary);
  std::string row;
  while (std::getline(payouts, row)) {
    file.write(storage::with_national_numbers(row + "\n", shard.state(), shard.keys().numbers));
  }
}

/// Reconciles a ledger that no server has open; returns the text of statement.json.
std::string reconcile_offline(const ReconcileOptions& options, const fs::path& output) {
  require_ledger(options.data);
  const Config config = read_config(options.config);
  if (!config.ceilings.contains(options.year)) {
    throw UsageError(fmt::format("no ceiling is known for {}", options.year));
  }
  PhasedProgress progress;
  const storage::ReportProgress report = progress.report();
  storage::ShardOptions ledger = shard_options(options.data, options.keys, config);
  ledger.on_replay = [&report](ledger::Position at, ledger::Position end) {
    report("applying the journal", "entries", at.value(), end.value());
  };
  storage::Shard shard(ledger);
  const auto copy_state = [&shard](const fs::path& folder) {
    shard.hand_over_state();
    shard.state().copy_files(folder);
  };
  const storage::ReconciliationSource source{options.data,  shard.journal(), shard.keys().signing,
                                             shard.rules(), copy_state,      ingest::now()};
  const storage::MadeStatement made =
      storage::reconcile(source, options.year, options.is_dry_run, report);
  progress.finish();
  for (const auto& entry : fs::directory_iterator(made.folder)) {
    fs::copy(entry.path(), output / entry.path().filename());
  }
  if (!options.is_without_numbers) {
    write_refund_file(made.folder, output, shard);
  }
  if (options.is_dry_run) fs::remove_all(made.folder.parent_path());
  return storage::read_file(output / "statement.json");
}

/// Fetches a file piece by piece.
template <class Write>
void fetch(HttpClient& client, const std::string& location, std::string_view name, Write&& write) {
  for (std::string offset = "0"; !offset.empty();) {
    const HttpClient::Answer answer =
        client.get(fmt::format("{}/file?name={}&offset={}", location, name, offset));
    require_status(answer, 200);
    write(answer.body);
    offset = answer.next_offset;
  }
}

/// Has a running server reconcile; returns the text of statement.json.
std::string reconcile_online(const ReconcileOptions& options, const fs::path& output) {
  HttpClient client(options.server);
  PhasedProgress progress;
  const ServerJobResult made =
      run_server_job(client,
                     {"reconciliation", "/v1/reconciliations",
                      fmt::format(R"({{"year":{},"dryRun":{}}})", options.year, options.is_dry_run),
                      options.waits},
                     progress.report());
  progress.finish();
  const auto write_file = [&](std::string_view name) {
    std::ofstream file(output / name, std::ios::binary);
    fetch(client, made.location, name, [&](const std::string& piece) { file << piece; });
    file.close();
    if (!file) throw std::runtime_error("cannot write " + (output / name).string());
  };
  if (options.is_dry_run) {
    std::string statement = json::serialize(made.job.at("statement")) + "\n";
    std::ofstream(output / "statement.json") << statement;
    return statement;
  }
  for (const json::value& file : made.job.at("manifest").at("files").as_array()) {
    write_file(std::string(file.at("name").as_string()));
  }
  write_file("manifest.json");
  write_file("manifest.sig");
  if (!options.is_without_numbers) {
    PrivateFile file(output / refund_file);
    fetch(client, made.location, refund_file, [&](const std::string& piece) { file.write(piece); });
  }
  return storage::read_file(output / "statement.json");
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
  fmt::print("to pay out       {} to {} persons\n", kroner_text(number("payoutOre")),
             number("payouts"));
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
  fmt::print("files            {}\n", output.string());
}

}  // namespace

int reconcile(const ReconcileOptions& options) {
  const fs::path output = options.output;
  prepare_output(output);
  const std::string text = options.server.empty() ? reconcile_offline(options, output)
                                                  : reconcile_online(options, output);
  std::ofstream(output / "report.html", std::ios::binary) << report_page(text);
  const json::object statement = json::parse(text).as_object();
  if (options.is_json) {
    fmt::print("{}", text);
  } else {
    print_summary(statement, output);
  }
  const bool is_clean = statement.at("differences").at("count").to_number<std::int64_t>() == 0 &&
                        (statement.at("previous").is_null() ||
                         (statement.at("previous").at("isConfirmed").as_bool() &&
                          statement.at("changes").at("isExplained").as_bool()));
  return is_clean ? exit_done : exit_findings;
}

}  // namespace api
