// power_cuts: the ledger on a disk that keeps only what was synced, with a power cut at each
// operation of the file system.
//
// Prints seed, commit and options before anything happens; a failure says how to repeat it. RocksDB
// has threads of its own, so the order of operations is about, not exactly, the same every time.

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>

#include "ingest/items/clock.h"
#include "tests/crash/load.h"
#include "tests/sim/check.h"
#include "tests/storage/temp_folder.h"

namespace {

/// Runs a load in a process of its own. RocksDB (7.8) has been seen, about once in a thousand
/// loads, to stop at an assertion of its own when everything fails: such a load is run once more.
crash::LoadResult run_apart(const crash::LoadOptions& options, std::uint64_t cut_at,
                            const std::filesystem::path& keys) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    int ends[2] = {};
    if (::pipe(ends) != 0) throw sim::CheckFailed("no pipe");
    const pid_t child = ::fork();
    if (child < 0) throw sim::CheckFailed("no process");
    if (child == 0) {
      try {
        const crash::LoadResult result = crash::run_load(options, cut_at, keys);
        const bool is_told = ::write(ends[1], &result, sizeof result) == sizeof result;
        ::_exit(is_told ? 0 : 1);
      } catch (const sim::CheckFailed& failed) {
        std::cout << "FAILED " << failed.what() << '\n' << std::flush;
        ::_exit(1);
      }
    }
    ::close(ends[1]);
    crash::LoadResult result;
    const bool is_told = ::read(ends[0], &result, sizeof result) == sizeof result;
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (is_told) return result;
    if (WIFEXITED(status)) throw sim::CheckFailed("see above");
    std::cout << "died of signal " << WTERMSIG(status) << '\n' << std::flush;
  }
  throw sim::CheckFailed("died twice");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Cuts the power at each operation of a load, starts again, and checks the ledger."};
  crash::LoadOptions options;
  options.seed = static_cast<std::uint64_t>(ingest::now().seconds);
  std::uint64_t first = 0;
  std::uint64_t step = 1;
  std::uint64_t cuts = 0;
  bool is_all = false;
  app.add_option("--seed", options.seed, "Of items, disks and the sample; default: the time");
  app.add_option("--items", options.items, "That the clients send")->capture_default_str();
  app.add_option("--first", first, "The first operation to cut at");
  app.add_option("--step", step, "Cut at every so many operations")->check(CLI::PositiveNumber);
  auto* const cuts_option = app.add_option(
      "--cuts", cuts, "So many loads are cut, evenly spread unless --first is given");
  app.add_flag("--all", is_all, "Cut at every operation")->excludes(cuts_option);
  CLI11_PARSE(app, argc, argv);
  if (!is_all && first == 0 && cuts == 0) {
    std::cerr << "nothing to run: give --cuts, --first or --all\n";
    return 2;
  }
  std::cout << "commit=" << FRIKORT_COMMIT << ' ' << options.text() << '\n' << std::flush;

  const auto begin = std::chrono::steady_clock::now();
  const storage::test::TempFolder folder;
  const std::filesystem::path keys = folder / "keys";
  storage::KeyRing::open_or_create(keys);
  std::uint64_t at = 0;
  std::uint64_t cuts_made = 0;
  std::uint64_t loads = 0;
  std::uint64_t items = 0;
  try {
    const std::uint64_t points = run_apart(options, crash::PowerCutFs::never, keys).operations;
    if (first == 0) {
      if (!is_all) step = std::max<std::uint64_t>(points / cuts, 1);
      first = 1 + (is_all ? 0 : options.seed % step);
    }
    // Until a load is done before the power would have gone.
    for (at = first; cuts == 0 || loads < cuts; at += step) {
      std::cout << "cut at " << at << '\n' << std::flush;  // an abort says no more
      const crash::LoadResult result = run_apart(options, at, keys);
      if (result.cuts == 0 && at > points) break;
      ++loads;
      cuts_made += result.cuts;
      items += result.items;
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    std::cout << "cut points=" << points << " loads=" << loads << " cuts=" << cuts_made
              << " items=" << items << " seconds=" << taken.count() << '\n';
    return 0;
  } catch (const sim::CheckFailed& failed) {
    std::cout << "FAILED " << failed.what() << "\nrepeat with: power_cuts --seed " << options.seed
              << " --items " << options.items << " --first " << at << " --cuts 1\n";
    return 1;
  }
}
