#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "storage/keys/keys.h"
#include "tests/crash/power_cut_fs.h"

namespace crash {

/// What a load consists of. The same options give the same items as long as the power stays on.
struct LoadOptions {
  std::uint64_t seed = 0;
  std::uint64_t items = 2'000;
  std::uint64_t hand_over_items = 150;         ///< so that there are many hand-overs
  std::uint64_t journal_buffer_bytes = 65536;  ///< the least that RocksDB takes: many logs
  std::string text() const;
};

struct LoadResult {
  std::uint64_t operations = 0;  ///< of the file system, before the power went or in all
  std::uint64_t items = 0;       ///< that were answered for good
  std::uint64_t cuts = 0;        ///< 0: the load was done before
};

/// One ledger on a disk without memory for what was not synced: takes a load until the power goes
/// at operation `cut_at`, starts again, checks, takes the rest, and checks everything. Sometimes
/// the power goes again while it starts. `keys` is a folder with keys. Throws sim::CheckFailed,
/// which says at what the power went and what the disk kept.
LoadResult run_load(const LoadOptions& options, std::uint64_t cut_at,
                    const std::filesystem::path& keys);

}  // namespace crash
