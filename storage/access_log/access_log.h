#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "ledger/values/result.h"
#include "storage/access_log/access_block.h"
#include "storage/access_log/access_index.h"
#include "storage/crypto/signing_keys.h"
#include "storage/files/fault.h"
#include "storage/files/open_mode.h"
#include "storage/rocksdb/database.h"
#include "storage/rocksdb/database_backups.h"

namespace rocksdb {
class Env;
}

namespace storage {

/// Records that are not written yet. The buffer outlives the log that writes them. While nothing
/// can be written, the records wait here until the ledger has been opened again or the process
/// ends.
class AccessLogBuffer {
 public:
  /// Beyond this nothing is taken: some 700 000 queries.
  static constexpr std::size_t bytes_max = 64U << 20;

  /// `overloaded` when too much waits: a query that is not logged must not be answered.
  /// `unstorable` when a field is out of its bounds.
  ledger::Result<void> add(const AccessRecord& record);
  /// Records that wait.
  std::uint64_t size() const;

 private:
  friend class AccessLog;
  struct Block {
    std::uint64_t first;
    std::string bytes;
  };
  /// Records that are being written, sealed. After a failure the same blocks are written again,
  /// because nobody knows whether they are there already.
  struct Batch {
    std::string waiting;
    std::uint64_t records;
    std::vector<Block> blocks;
    AccessChain after;
  };

  mutable std::mutex mutex_;
  std::string waiting_;  // text body, 16 bytes number, 16 bytes practitioner's
  std::uint64_t waiting_count_ = 0;
  std::optional<Batch> batch_;
};

/// An end that the log had, as the journal names it: whose log, so many blocks, and the hash of the
/// last of them.
struct AccessHead {
  std::uint64_t node = 0;
  std::uint64_t blocks = 0;
  Digest root{};
};

struct AccessLogOptions {
  std::filesystem::path folder;
  /// What has not been written yet; null: nothing.
  std::shared_ptr<AccessLogBuffer> buffer;
  std::size_t write_buffer_bytes = 64U << 20;
  /// Records that become a run of the index at a time; for tests.
  std::size_t run_records = AccessIndex::run_records;
  /// The file system, for tests; null = that of the machine. Must outlive the log.
  rocksdb::Env* env = nullptr;
};

/// Keeps every query about a person, in a RocksDB of its own that nothing else can replace. Records
/// are gathered, sealed in blocks and written, synced, ten times a second; the answer to the query
/// does not wait for that. So a process that is killed loses the records of the last tenth of a
/// second, or of as long as nothing could be written; a clean end loses none.
///
/// Concurrency: everything from any thread.
class AccessLog {
 public:
  /// A record, and its place in the log.
  struct Found {
    std::uint64_t sequence = 0;
    AccessRecord record;
  };

  /// Throws DamagedJournal when the last block cannot be read, and std::runtime_error when the
  /// files cannot be opened. Read-only, what is added waits in the buffer.
  AccessLog(const AccessLogOptions& options, const SigningKeys& signing, OpenMode mode,
            const NoteFault& note_fault = {});
  /// Writes what waits.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  ledger::Result<void> add(const AccessRecord& record) { return buffer_->add(record); }

  /// The newest records about these numbers below the sequence `before`, at most `limit`, newest
  /// first. Only what has been written.
  ledger::Result<std::vector<Found>> find(std::span<const ledger::EncryptedNumber> numbers,
                                          std::uint64_t before, std::size_t limit) const;

  /// What the journal names; no blocks: nothing to name yet.
  AccessHead head() const;

  /// All records written so far, oldest first, without those that were erased: for tests and audits
  /// of small ledgers.
  ledger::Result<std::vector<AccessRecord>> read_all() const;

  /// Reads everything; damage is noted. Stops, with an error, when `stop` says so.
  ledger::Result<void> check_files(const std::function<bool()>& stop) const;
  /// Copies what has been written to a folder that must not exist, or adds a backup of it and
  /// returns its number. Both throw std::runtime_error.
  void copy_files(const std::filesystem::path& folder) const;
  std::uint32_t back_up(DatabaseBackups& backups, const DatabaseBackups::OnBytes& on_bytes) const;

 private:
  class RecordReader;

  void open_chain();
  void index_blocks();
  void run();
  /// False when nothing waits, or after a failure, which has been noted.
  bool write_waiting();
  void seal(AccessLogBuffer::Batch& batch) const;
  bool index(std::string_view bytes);

  const SigningKeys& signing_;
  const std::unique_ptr<Database> database_;
  const std::shared_ptr<AccessLogBuffer> buffer_;
  AccessIndex index_;
  std::uint64_t indexed_ = 0;  // of the thread that writes
  mutable std::mutex mutex_;
  AccessChain chain_;
  std::condition_variable stop_requested_;
  bool is_stopping_ = false;
  std::thread writer_;  // not when read-only
};

}  // namespace storage
