#include "storage/journal/access_log.h"

#include <stdexcept>
#include <utility>

#include "storage/bytes/byte_codec.h"
#include "storage/bytes/format_bounds.h"
#include "storage/rocksdb/rocksdb_internal.h"

namespace storage {
namespace {

/// Seldom enough that a busy second costs few syncs, often enough that a commit group never waits
/// for a row of many megabytes.
constexpr auto write_interval = std::chrono::milliseconds{100};

bool decode_access_record(ByteReader& in, AccessRecord& record) {
  record.time.seconds = in.zigzag();
  record.time.nanoseconds = in.varint<std::int32_t>();
  record.reason = static_cast<AccessReason>(in.u8());
  record.person.bytes = in.raw<16>();
  record.caller = in.text();
  record.correlation_id = in.text();
  record.subject = in.text();
  const std::uint8_t exempt = in.u8();
  if (exempt != 0) record.exempt = exempt == 2;
  return exempt <= 2 && in.is_ok() && field_out_of_bounds(record) == nullptr;
}

}  // namespace

ledger::Result<void> AccessLogBuffer::add(const AccessRecord& record) {
  if (field_out_of_bounds(record) != nullptr) return ledger::Errc::unstorable;
  const std::lock_guard lock(mutex_);
  if (waiting_.size() > bytes_max) return ledger::Errc::overloaded;
  ByteWriter out(waiting_);
  out.zigzag(record.time.seconds);
  out.varint(static_cast<std::uint64_t>(record.time.nanoseconds));
  out.u8(static_cast<std::uint8_t>(record.reason));
  out.raw(record.person.bytes);
  out.text(record.caller);
  out.text(record.correlation_id);
  out.text(record.subject);
  out.u8(!record.exempt ? 0 : *record.exempt ? 2 : 1);
  ++waiting_count_;
  return ledger::ok();
}

std::uint64_t AccessLogBuffer::size() const {
  const std::lock_guard lock(mutex_);
  return waiting_count_ + (batch_ ? batch_->count : 0);
}

AccessLog::AccessLog(const Database& database, std::size_t family,
                     std::shared_ptr<AccessLogBuffer> buffer, OpenMode mode)
    : database_(database), family_(family), buffer_(std::move(buffer)) {
  if (mode == OpenMode::read_only) return;
  const std::unique_ptr<rocksdb::Iterator> last{
      database_.db().NewIterator(rocksdb::ReadOptions(), database_.family(family_))};
  last->SeekToLast();
  if (!last->status().ok()) {
    const ledger::Errc errc = database_.fault(last->status(), FaultKind::unreadable);
    const std::string why = "cannot read the access log: " + last->status().ToString();
    if (errc == ledger::Errc::corrupt_record) throw DamagedJournal(why);
    throw std::runtime_error(why);
  }
  if (last->Valid()) next_sequence_ = ByteReader(view_of(last->key())).u64() + 1;
  writer_ = std::thread([this] { run(); });
}

AccessLog::~AccessLog() {
  if (!writer_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stop_requested_.notify_one();
  writer_.join();
}

void AccessLog::run() {
  for (bool is_last = false; !is_last;) {
    {
      std::unique_lock lock(mutex_);
      stop_requested_.wait_for(lock, write_interval, [this] { return is_stopping_; });
      is_last = is_stopping_;
    }
    try {
      // A batch that failed earlier goes first, and is followed by what came meanwhile.
      const bool is_retry = buffer_->batch_.has_value();
      if (write_waiting() && is_retry) write_waiting();
    } catch (const std::exception& exception) {
      database_.fault(rocksdb::Status::Aborted(exception.what()), FaultKind::unwritable);
    }
  }
}

bool AccessLog::write_waiting() {
  std::optional<AccessLogBuffer::Batch>& batch = buffer_->batch_;
  {
    const std::lock_guard lock(buffer_->mutex_);
    if (!batch) {
      if (buffer_->waiting_count_ == 0) return false;
      batch = AccessLogBuffer::Batch{next_sequence_, std::exchange(buffer_->waiting_count_, 0),
                                     std::exchange(buffer_->waiting_, {})};
    }
  }
  std::string key;
  ByteWriter(key).u64(batch->sequence);
  std::string value;
  ByteWriter out(value);
  out.varint(batch->count);
  out.raw(batch->records);
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = database_.db().Put(options, database_.family(family_), key, value);
  if (!status.ok()) {
    database_.fault(status, FaultKind::unwritable);
    return false;
  }
  const std::lock_guard lock(buffer_->mutex_);
  next_sequence_ = std::max(next_sequence_, batch->sequence + 1);
  batch.reset();
  return true;
}

ledger::Result<std::vector<AccessRecord>> AccessLog::read_all() {
  std::vector<AccessRecord> records;
  const std::unique_ptr<rocksdb::Iterator> row{
      database_.db().NewIterator(rocksdb::ReadOptions(), database_.family(family_))};
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    ByteReader in(view_of(row->value()));
    const std::uint64_t count = in.varint();
    for (std::uint64_t i = 0; i < count && in.is_ok(); ++i) {
      if (!decode_access_record(in, records.emplace_back())) return ledger::Errc::corrupt_record;
    }
    if (!in.is_complete()) return ledger::Errc::corrupt_record;
  }
  if (!row->status().ok()) return errc_of(row->status());
  return records;
}

}  // namespace storage
