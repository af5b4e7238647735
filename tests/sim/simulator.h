#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "ledger/records/event.h"
#include "ledger/records/registry_event.h"
#include "ledger/values/code.h"
#include "tests/sim/options.h"

namespace sim {

/// What happened in one run, or in many.
struct Figures {
  std::uint64_t runs = 0;
  std::uint64_t items = 0;  ///< in groups that the journal holds
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  std::array<std::uint64_t, ledger::code_count> rejected{};  ///< by code
  /// Accepted events of registries: of practices first, then of persons by type.
  std::array<std::uint64_t, ledger::person_event_type_count + 1> told{};
  std::uint64_t groups = 0;
  std::array<std::uint64_t, ledger::event_type_count> events{};  ///< of the feed, by type
  std::uint64_t crashes = 0;
  std::uint64_t lost_appends = 0;
  std::uint64_t lost_answers = 0;
  std::uint64_t failed_reads = 0;
  std::uint64_t replayed = 0;  ///< entries of the journal, at restarts

  void add(const Figures& other);
  std::string text() const;
  friend bool operator==(const Figures&, const Figures&) = default;
};

struct Result {
  Figures figures;
  std::string checksum;  ///< of the state in the end
  friend bool operator==(const Result&, const Result&) = default;
};

/// Runs the rules and the group-commit writer under the workload and the faults of these options,
/// checks all along, then ends the faults, lets everybody get an answer, and checks the whole. The
/// same options give the same result. Throws CheckFailed.
Result simulate(const Options& options);

}  // namespace sim
