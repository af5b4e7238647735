#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ledger/values/result.h"
#include "storage/bytes/access_record.h"
#include "storage/files/open_mode.h"
#include "storage/rocksdb/database.h"

namespace storage {

/// Records that are not written yet. The buffer outlives the log that writes them. While nothing
/// can be written, the records wait here until the ledger has been opened again or the process
/// ends.
class AccessLogBuffer {
 public:
  /// Beyond this nothing is taken: some 700 000 queries.
  static constexpr std::size_t bytes_max = 64U << 20;

  /// `overloaded` when too much waits: a query that is not logged must not be answered.
  ledger::Result<void> add(const AccessRecord& record);
  /// Records that wait.
  std::uint64_t size() const;

 private:
  friend class AccessLog;
  struct Batch {
    std::uint64_t sequence;
    std::uint64_t count;
    std::string records;
  };

  mutable std::mutex mutex_;
  std::string waiting_;
  std::uint64_t waiting_count_ = 0;
  /// The records that are being written into one row, with the row's key. After a failure they are
  /// written to the same key again, because nobody knows whether the row is there already.
  std::optional<Batch> batch_;
};

/// Keeps every query about a person. Records are gathered and written, synced, ten times a second;
/// the answer to the query does not wait for that. So a process that is killed loses the records of
/// the last tenth of a second, or of as long as nothing could be written; a clean end loses none.
///
/// Grammar (family access_log): u64 sequence -> varint count, record*; a record = zigzag seconds,
/// varint nanoseconds, u8 reason, 16 bytes encrypted number, text caller, text correlation id,
/// text subject, u8 exempt (0 not kept, 1 no, 2 yes).
class AccessLog {
 public:
  /// Throws std::runtime_error when the last record cannot be read.
  AccessLog(const Database& database, std::size_t family, std::shared_ptr<AccessLogBuffer> buffer,
            OpenMode mode);
  /// Writes what waits.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  ledger::Result<void> add(const AccessRecord& record) { return buffer_->add(record); }

  /// All records written so far, oldest first: for tests and audits of small ledgers.
  ledger::Result<std::vector<AccessRecord>> read_all();

 private:
  void run();
  /// False after a failure, which has been noted.
  bool write_waiting();

  const Database& database_;
  const std::size_t family_;
  const std::shared_ptr<AccessLogBuffer> buffer_;
  std::uint64_t next_sequence_ = 0;
  std::mutex mutex_;
  std::condition_variable stop_requested_;
  bool is_stopping_ = false;
  std::thread writer_;  // not when read-only
};

}  // namespace storage
