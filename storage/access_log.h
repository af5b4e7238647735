#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ledger/ids.h"
#include "ledger/oslo_time.h"
#include "ledger/result.h"
#include "ledger/service_type.h"

namespace rocksdb {
class DB;
class ColumnFamilyHandle;
}  // namespace rocksdb

namespace storage {

/// Why somebody learned something about a person. STORED: numbers never change.
enum class AccessReason : std::uint8_t {
  card_status = 1,      ///< a practice asked whether the person is exempt
  account = 2,          ///< the portal showed the account
  exemption_check = 3,  ///< an item with exemption F was refused because there is no card
};

/// One query about a person: who, when, which person, why.
struct AccessRecord {
  ledger::Instant time;
  AccessReason reason = AccessReason::card_status;
  ledger::EncryptedNumber person;
  std::string caller;
  std::string correlation_id;
  std::string subject;  ///< what exactly: service type and date, or the year
};

/// Keeps every query about a person. Records are gathered and written, synced, twice a second; a
/// query is refused when too many wait, because one that is not logged must not be answered.
///
/// Grammar (family access_log): u64 sequence -> varint count, record*; a record = zigzag seconds,
/// varint nanoseconds, u8 reason, 16 bytes encrypted number, text caller, text correlation id,
/// text subject.
class AccessLog {
 public:
  AccessLog(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// `overloaded` when too many records wait, `store_unavailable` after a failed write.
  ledger::Result<void> add(const AccessRecord& record);

  /// All records written so far, oldest first: for tests and audits of small ledgers.
  ledger::Result<std::vector<AccessRecord>> read_all();

 private:
  void run();
  void write_waiting();

  static constexpr std::size_t waiting_bytes_max = 64U << 20;

  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const family_;
  std::uint64_t next_sequence_ = 0;
  std::mutex mutex_;
  std::condition_variable stop_requested_;
  bool is_stopping_ = false;
  bool is_failed_ = false;
  std::string waiting_;
  std::uint64_t waiting_count_ = 0;
  std::thread writer_;
};

}  // namespace storage
