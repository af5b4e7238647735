// ledger_sim: the rules and the group-commit writer in a simulated world.
//
// Each run prints its seed, the commit it was built from and all its options before it starts, so
// that whatever happens next, an abort included, can be played again with --seed.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/check.h"
#include "tests/sim/options.h"
#include "tests/sim/simulator.h"

namespace {

/// One run in this many is done twice, to see that it gives the same result.
constexpr std::uint64_t repeat_every = 10;

/// False when the simulation found something.
bool run_seed(std::uint64_t seed, bool is_repeated, sim::Figures& total) {
  const sim::Options options = sim::Options::of_seed(seed);
  std::cout << "commit=" << FRIKORT_COMMIT << ' ' << options.text() << '\n' << std::flush;
  try {
    const sim::Result result = sim::simulate(options);
    if (is_repeated) {
      sim::check(sim::simulate(options) == result, "the same seed gives the same run");
    }
    std::cout << "checksum=" << result.checksum << '\n';
    total.add(result.figures);
    return true;
  } catch (const sim::CheckFailed& failed) {
    std::cout << "FAILED " << failed.what() << "\nreplay with: ledger_sim --seed " << seed << '\n';
    return false;
  }
}

/// The seeds in the file, one a line; `#` begins a comment.
std::vector<std::uint64_t> read_seeds(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::uint64_t> seeds;
  for (std::string line; std::getline(file, line);) {
    line.resize(std::min(line.find('#'), line.size()));
    if (line.find_first_not_of(" \t") != std::string::npos) seeds.push_back(std::stoull(line));
  }
  return seeds;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Simulates the ledger with faults and checks it against an oracle."};
  std::optional<std::uint64_t> seed;
  std::string seeds_file;
  std::uint64_t first_seed = 1;
  std::uint64_t seconds = 0;
  std::uint64_t items = std::numeric_limits<std::uint64_t>::max();
  app.add_option("--seed", seed, "Run this seed, twice");
  app.add_option("--seeds", seeds_file, "Run the seeds in this file, each twice")
      ->check(CLI::ExistingFile);
  app.add_option("--seconds", seconds, "Run one seed after another for so long");
  app.add_option("--first-seed", first_seed, "Where --seconds starts")->capture_default_str();
  app.add_option("--items", items, "Start no further run after so many items");
  CLI11_PARSE(app, argc, argv);

  std::vector<std::uint64_t> seeds;
  if (!seeds_file.empty()) seeds = read_seeds(seeds_file);
  if (seed) seeds.push_back(*seed);
  if (seeds.empty() && seconds == 0) {
    std::cerr << "nothing to run: give --seed, --seeds or --seconds\n";
    return 2;
  }

  const auto begin = std::chrono::steady_clock::now();
  sim::Figures total;
  for (const std::uint64_t listed : seeds) {
    if (!run_seed(listed, true, total)) return 1;
  }
  const auto end = begin + std::chrono::seconds{seconds};
  for (std::uint64_t fresh = first_seed;
       std::chrono::steady_clock::now() < end && total.items < items; ++fresh) {
    if (!run_seed(fresh, fresh % repeat_every == 0, total)) return 1;
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  std::cout << "total " << total.text() << " seconds=" << taken.count() << '\n';
  return 0;
}
