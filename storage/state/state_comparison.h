#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/bytes/format.h"
#include "storage/files/report_progress.h"
#include "storage/state/state_reader.h"

namespace storage {

/// The checksum of a stored state, computed from its rows. The totals hold the checksum that is
/// kept with every change. Throws std::runtime_error that names what cannot be read.
SetHash recompute_checksum(const StateReader& state, const ReportProgress& report);

/// One field in which two states differ.
struct StateDifference {
  StateFamily family = StateFamily::meta;
  std::string key;  ///< which row, for people; never a person's number, also not encrypted
  std::optional<std::uint64_t> person_ref;
  std::optional<int> year;            ///< of service, in rows of a person's year
  std::string field;                  ///< `row` when one state does not have the row
  std::optional<std::string> first;   ///< nothing: not there
  std::optional<std::string> second;  ///< likewise
};

struct StateComparison {
  std::vector<StateDifference> differences;  ///< the first ones, see compare_states()
  std::uint64_t difference_count = 0;        ///< all of them
  SetHash first_checksum;                    ///< from the rows, as by recompute_checksum()
  SetHash second_checksum;
};

/// Walks two states side by side, every byte of every row, also what no checksum covers: totals,
/// positions, events. Lists the first `listed_max` differences and counts the rest. Throws
/// std::runtime_error when a state cannot be read.
StateComparison compare_states(const StateReader& first, const StateReader& second,
                               std::size_t listed_max, const ReportProgress& report);

}  // namespace storage
