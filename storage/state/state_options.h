#pragma once

#include <cstdint>

namespace rocksdb {
class Env;
}

namespace storage {

/// What of the state waits in memory before it is handed over to RocksDB.
struct StateOptions {
  /// Hand over after this many accepted items. Bounds memory, and what a restart replays.
  std::uint64_t hand_over_items = 1'000'000;
  /// Keep this many accounts and persons in memory after they were handed over, about 200 bytes
  /// each: reading one from the files costs twenty times as much.
  std::uint64_t cached_persons_max = 6'000'000;
  /// For filters that tell new registrations: 2 to 4 bytes for each that there is. When it is not
  /// enough, they are given up, and each registration is looked up in the files.
  std::uint64_t filter_bytes_max = 1U << 30;
  /// After so many lookups the files are read to fill the filters; see KnownRegistrations.
  std::uint64_t lookups_before_filter = 4'000'000;
  /// At most this many practices: each costs memory for as long as the process runs.
  std::uint32_t practices_max = 1'000'000;
  /// The file system, for tests; null = that of the machine. Must outlive the store.
  rocksdb::Env* env = nullptr;
};

}  // namespace storage
