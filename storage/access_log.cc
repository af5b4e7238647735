#include "storage/access_log.h"

#include "storage/byte_codec.h"
#include "storage/format.h"
#include "storage/rocksdb_internal.h"

namespace storage {
namespace {

constexpr auto write_interval = std::chrono::milliseconds{500};

AccessRecord decode_access_record(ByteReader& in) {
  AccessRecord record;
  record.time.seconds = in.zigzag();
  record.time.nanoseconds = static_cast<std::int32_t>(in.varint());
  record.reason = static_cast<AccessReason>(in.u8());
  record.person.bytes = in.raw<16>();
  record.caller = in.text();
  record.correlation_id = in.text();
  record.subject = in.text();
  return record;
}

}  // namespace

AccessLog::AccessLog(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family)
    : db_(db), family_(family) {
  const std::unique_ptr<rocksdb::Iterator> last{db_->NewIterator(rocksdb::ReadOptions(), family_)};
  last->SeekToLast();
  if (last->Valid()) next_sequence_ = ByteReader(view_of(last->key())).u64() + 1;
  writer_ = std::thread([this] { run(); });
}

AccessLog::~AccessLog() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stop_requested_.notify_one();
  writer_.join();
}

ledger::Result<void> AccessLog::add(const AccessRecord& record) {
  const std::lock_guard lock(mutex_);
  if (is_failed_) return ledger::Errc::store_unavailable;
  if (waiting_.size() > waiting_bytes_max) return ledger::Errc::overloaded;
  ByteWriter out(waiting_);
  out.zigzag(record.time.seconds);
  out.varint(static_cast<std::uint64_t>(record.time.nanoseconds));
  out.u8(static_cast<std::uint8_t>(record.reason));
  out.raw(record.person.bytes);
  out.text(record.caller);
  out.text(record.correlation_id);
  out.text(record.subject);
  ++waiting_count_;
  return ledger::ok();
}

void AccessLog::run() {
  for (bool is_last = false; !is_last;) {
    {
      std::unique_lock lock(mutex_);
      stop_requested_.wait_for(lock, write_interval, [this] { return is_stopping_; });
      is_last = is_stopping_;
    }
    write_waiting();
  }
}

void AccessLog::write_waiting() {
  std::string records;
  std::uint64_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    records.swap(waiting_);
    std::swap(count, waiting_count_);
  }
  if (count == 0) return;
  std::string key;
  ByteWriter(key).u64(next_sequence_);
  std::string value;
  ByteWriter out(value);
  out.varint(count);
  out.raw(records);
  rocksdb::WriteOptions options;
  options.sync = true;
  if (db_->Put(options, family_, key, value).ok()) {
    ++next_sequence_;
    return;
  }
  const std::lock_guard lock(mutex_);
  is_failed_ = true;
}

ledger::Result<std::vector<AccessRecord>> AccessLog::read_all() {
  std::vector<AccessRecord> records;
  const std::unique_ptr<rocksdb::Iterator> row{db_->NewIterator(rocksdb::ReadOptions(), family_)};
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    ByteReader in(view_of(row->value()));
    const std::uint64_t count = in.varint();
    for (std::uint64_t i = 0; i < count && in.is_ok(); ++i) {
      records.push_back(decode_access_record(in));
    }
    if (!in.is_complete()) return ledger::Errc::corrupt_record;
  }
  if (!row->status().ok()) return errc_of(row->status());
  return records;
}

}  // namespace storage
