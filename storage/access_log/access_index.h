#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/values/ids.h"
#include "ledger/values/result.h"
#include "storage/rocksdb/database.h"

namespace storage {

/// Which records of the access log are about whom, for one number newest first.
///
/// Records come by the hundred thousand a second, each about somebody else. So they are kept in
/// memory as they come, and every half million of them become a sorted run, in pieces of a few
/// kilobytes. A look into a run reads one piece. What is in no run yet is read from the blocks
/// again when the log is opened.
///
/// Grammar: u64 sequence of the run's last record, the piece's first entry -> entry+, ascending;
/// entry = 16 bytes encrypted number, u64 sequence.
class AccessIndex {
 public:
  static constexpr std::size_t run_records = std::size_t{1} << 19;
  static constexpr std::size_t piece_entries = 256;

  /// Throws std::runtime_error when the runs cannot be read. `run_records` is for tests.
  AccessIndex(const Database& database, std::size_t family, std::size_t run_records_now);

  /// The records that are in runs: what comes behind has to be added.
  std::uint64_t indexed() const { return runs_.empty() ? 0 : runs_.back(); }
  /// The next record, durable already.
  void add(const ledger::EncryptedNumber& number, std::uint64_t sequence);
  /// Writes a run when there is enough for one. From one thread.
  ledger::Result<void> write_run();

  /// The newest records about a number below the sequence `before`, at most `limit`, descending.
  /// From any thread.
  ledger::Result<std::vector<std::uint64_t>> find(const ledger::EncryptedNumber& number,
                                                  std::uint64_t before, std::size_t limit) const;

 private:
  /// The two halves of a number, so that they are compared as integers.
  struct Entry {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint64_t sequence = 0;
    friend auto operator<=>(const Entry&, const Entry&) = default;
    bool is_about_same(const Entry& other) const { return high == other.high && low == other.low; }
  };

  static Entry entry_of(const ledger::EncryptedNumber& number, std::uint64_t sequence);
  static void append(std::string& bytes, const Entry& entry);
  static Entry read(std::string_view bytes);
  static std::string key_of(std::uint64_t run, const Entry& first);

  ledger::Result<void> find_in_run(std::uint64_t run, const Entry& below, std::size_t limit,
                                   std::vector<std::uint64_t>& found) const;

  const Database& database_;
  const std::size_t family_;
  const std::size_t run_records_;
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> runs_;  // the sequence of the last record of each
  std::vector<Entry> recent_;        // in no run yet, by sequence
};

}  // namespace storage
