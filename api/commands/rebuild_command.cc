// frikort rebuild: the journal into an empty store, and what comes out against what is stored.

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "api/commands/command_line.h"
#include "api/commands/commands.h"
#include "api/program/output.h"
#include "api/program/progress.h"
#include "api/runtime/config.h"
#include "ledger/values/position_text.h"
#include "storage/files/files.h"
#include "storage/files/fresh_folder.h"
#include "storage/files/stopwatch.h"
#include "storage/json/json.h"
#include "storage/ledger_files/ledger_files.h"
#include "storage/state/state_comparison.h"

namespace api {
namespace {

namespace fs = std::filesystem;
using storage::Json;

struct RebuildOptions {
  std::string data;
  std::string into;
  std::string keys;
  std::string config;
  bool is_json = false;
};

constexpr std::size_t differences_listed_max = 100;

struct Rebuilt {
  storage::AppliedState stored;
  storage::AppliedState rebuilt;
  storage::StateComparison comparison;
  double replay_seconds = 0;

  bool is_equal() const {
    return comparison.difference_count == 0 &&
           comparison.first_checksum == stored.totals.checksum &&
           comparison.second_checksum == rebuilt.totals.checksum;
  }
  double replayed_per_second() const {
    const auto positions = static_cast<double>(rebuilt.last().value());
    return replay_seconds > 0 ? positions / replay_seconds : 0;
  }
};

Rebuilt run(const RebuildOptions& options, const storage::ReportProgress& report) {
  const Config config = read_config(options.config);
  const fs::path data = options.data;
  require_ledger(options.data);
  if (storage::is_within(storage::real_path(options.into), storage::real_path(data))) {
    throw std::runtime_error("--into must not lie in the data folder");
  }
  storage::FreshFolder fresh(options.into);
  storage::LedgerOptions ledger = ledger_options(options.data, options.keys, config);
  ledger::Position end;
  const auto show_replay = [&report](std::string_view phase) {
    return [&report, phase](ledger::Position at, ledger::Position last) {
      report(phase, "positions", at.value(), last.value());
    };
  };
  {
    // Brings the stored state to the journal's end; closing writes it to its files.
    ledger.on_replay = show_replay("open");
    storage::LedgerFiles files(ledger);
    files.journal().copy_files(fresh.path() / "journal");
    files.access_log().copy_files(fresh.path() / "access-log");
    storage::copy_folder(files.keys_folder(), fresh.path() / "keys");
    end = files.journal().next_position();
  }
  if (fs::exists(data / "statements")) {
    storage::copy_folder(data / "statements", fresh.path() / "statements");
  }

  Rebuilt result;
  report("replay", "positions", 0, end.value());
  const storage::Stopwatch stopwatch;
  {
    ledger.folder = fresh.path();
    ledger.keys_folder.clear();
    ledger.on_replay = show_replay("replay");
    storage::LedgerFiles files(ledger);
    files.hand_over_state();  // says why it cannot, where closing would not
  }
  result.replay_seconds = stopwatch.seconds();
  {
    const storage::StateReader stored(data / "state");
    const storage::StateReader rebuilt(fresh.path() / "state");
    result.stored = stored.applied();
    result.rebuilt = rebuilt.applied();
    result.comparison = storage::compare_states(stored, rebuilt, differences_listed_max, report);
  }
  fresh.keep();
  return result;
}

Json json_of(const storage::StateDifference& difference) {
  Json json = Json::object({{"family", name_of(difference.family)}, {"row", difference.key}});
  if (difference.person_ref) json.add("personRef", *difference.person_ref);
  if (difference.year) json.add("year", *difference.year);
  json.add("field", difference.field);
  json.add("stored", difference.first);
  json.add("rebuilt", difference.second);
  return json;
}

Json checksums_json(const storage::SetHash& kept, const storage::SetHash& recomputed) {
  return Json::object({{"checksum", kept.hex()}, {"recomputed", recomputed.hex()}});
}

void print_json(const Rebuilt& result) {
  const storage::StateComparison& comparison = result.comparison;
  const storage::SetHash& stored = result.stored.totals.checksum;
  const storage::SetHash& rebuilt = result.rebuilt.totals.checksum;
  Json differences = Json::array();
  for (const storage::StateDifference& difference : comparison.differences) {
    differences.add(json_of(difference));
  }
  print(Json::object({{"equal", result.is_equal()},
                      {"head", ledger::to_string(result.rebuilt.last())},
                      {"checksum", rebuilt.hex()},
                      {"stored", checksums_json(stored, comparison.first_checksum)},
                      {"rebuilt", checksums_json(rebuilt, comparison.second_checksum)},
                      {"replaySeconds", Json::fixed(result.replay_seconds, 3)},
                      {"positionsPerSecond", Json::fixed(result.replayed_per_second(), 0)},
                      {"differenceCount", comparison.difference_count},
                      {"differences", differences}}));
}

void print_text(const Rebuilt& result) {
  fmt::print("{:<10} {:<34} {}\n", "state", "checksum", "from its rows");
  fmt::print("{:<10} {:<34} {}\n", "stored", result.stored.totals.checksum.hex(),
             result.comparison.first_checksum.hex());
  fmt::print("{:<10} {:<34} {}\n", "rebuilt", result.rebuilt.totals.checksum.hex(),
             result.comparison.second_checksum.hex());
  for (const storage::StateDifference& difference : result.comparison.differences) {
    std::string whose;
    if (difference.person_ref) whose += fmt::format(", personRef {}", *difference.person_ref);
    if (difference.year) whose += fmt::format(", year {}", *difference.year);
    fmt::print("{}: {}{}: {}: stored {}, rebuilt {}\n", name_of(difference.family), difference.key,
               whose, difference.field, difference.first.value_or("nothing"),
               difference.second.value_or("nothing"));
  }
  const std::uint64_t listed = result.comparison.differences.size();
  if (result.comparison.difference_count > listed) {
    fmt::print("and {} more\n", result.comparison.difference_count - listed);
  }
  fmt::print("{}; {} positions replayed in {:.1f} s ({:.0f} a second)\n",
             result.is_equal()
                 ? "equal"
                 : fmt::format("NOT equal: {} differences", result.comparison.difference_count),
             ledger::to_string(result.rebuilt.last()), result.replay_seconds,
             result.replayed_per_second());
}

int rebuild(const RebuildOptions& options) {
  require_unused("--into", options.into);
  PhasedProgress progress;
  const Rebuilt result = run(options, progress.report());
  progress.finish();
  if (options.is_json) {
    print_json(result);
  } else {
    print_text(result);
  }
  return result.is_equal() ? exit_done : exit_findings;
}

}  // namespace

void add_rebuild_command(const Commands& commands) {
  Command<RebuildOptions> command(
      commands, "rebuild",
      "replay the journal into an empty store, and compare every row and the checksum", rebuild);
  command.data("data folder that no server has open");
  command
      .add("--into", &RebuildOptions::into, "DIR", "folder for the rebuilt ledger; new or empty")
      ->required();
  command.keys();
  command.config();
  command.json();
  command.findings("what is stored differs from what the journal gives");
}

}  // namespace api
