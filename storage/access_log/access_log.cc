#include "storage/access_log/access_log.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <utility>

#include "storage/access_log/access_families_internal.h"
#include "storage/bytes/byte_codec.h"
#include "storage/crypto/random_bytes.h"
#include "storage/rocksdb/torn_log.h"

namespace storage {
namespace {

using ledger::Result;

/// Seldom enough that a busy second costs few syncs, often enough that a citizen sees a query at
/// once.
constexpr auto write_interval = std::chrono::milliseconds{100};

/// What a crash takes of the index has to be made again: so it is not left in memory for long.
constexpr std::size_t index_buffer_bytes_max = 16U << 20;

/// Read-write, a write that a power cut tore is cut off: it was never whole.
std::unique_ptr<Database> open_database(const AccessLogOptions& options, OpenMode mode,
                                        const NoteFault& note_fault) {
  const auto open = [&] {
    return std::make_unique<Database>(
        options.folder.string(), journal_db_options(options.env),
        access_log_families(options.write_buffer_bytes), mode,
        DatabaseFaults{"the access log", FaultKind::journal_damaged, note_fault});
  };
  try {
    return open();
  } catch (const DamagedDatabase& damage) {
    if (mode == OpenMode::read_only) throw DamagedJournal(damage.what());
    const auto torn = find_torn_log(options.folder);
    if (!torn) throw DamagedJournal(damage.what());
    cut(*torn, options.env);
  }
  return open();
}

/// Of 32 bits: so much of it the journal can name.
std::uint32_t random_node() {
  std::array<std::uint8_t, 4> bytes{};
  fill_random(bytes);
  return ByteReader({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).u32();
}

/// Of a practitioner zeros are nobody's number.
AccessNumber practitioner_of(const ledger::EncryptedNumber& number, const AccessSalt& salt) {
  if (number == ledger::EncryptedNumber()) return {};
  return {AccessNumber::State::named, salt, number, {}};
}

/// Without numbers that have been erased.
Result<AccessRecord> record_of(const AccessLeaf& leaf) {
  auto record = decode_access_body(leaf.body);
  if (!record) return record.error();
  record.value().number = leaf.person.number;
  record.value().asker.practitioner = leaf.practitioner.number;
  return record;
}

}  // namespace

std::string access_block_key(std::uint64_t first) {
  std::string key;
  ByteWriter(key).u64(first);
  return key;
}

std::vector<DatabaseFamily> access_log_families(std::size_t write_buffer_bytes) {
  return {{rocksdb::kDefaultColumnFamilyName, journal_family_options(write_buffer_bytes)},
          {"index", journal_family_options(std::min(write_buffer_bytes, index_buffer_bytes_max))}};
}

Result<void> AccessLogBuffer::add(const AccessRecord& record) {
  if (field_out_of_bounds(record) != nullptr) return ledger::Errc::unstorable;
  thread_local std::string body;
  body.clear();
  append_access_body(body, record);
  const std::lock_guard lock(mutex_);
  if (waiting_.size() > bytes_max) return ledger::Errc::overloaded;
  ByteWriter out(waiting_);
  out.text(body);
  out.raw(record.number.bytes);
  out.raw(record.asker.practitioner.bytes);
  ++waiting_count_;
  return ledger::ok();
}

std::uint64_t AccessLogBuffer::size() const {
  const std::lock_guard lock(mutex_);
  return waiting_count_ + (batch_ ? batch_->records : 0);
}

AccessLog::AccessLog(const AccessLogOptions& options, const SigningKeys& signing, OpenMode mode,
                     const NoteFault& note_fault)
    : signing_(signing),
      database_(open_database(options, mode, note_fault)),
      buffer_(options.buffer ? options.buffer : std::make_shared<AccessLogBuffer>()),
      index_(*database_, access_index_family, options.run_records) {
  open_chain();
  index_blocks();
  if (mode == OpenMode::read_write) writer_ = std::thread([this] { run(); });
}

/// The chain goes on behind the last block.
void AccessLog::open_chain() {
  const std::unique_ptr<rocksdb::Iterator> last{
      database_->db().NewIterator(rocksdb::ReadOptions(), database_->family(access_block_family))};
  last->SeekToLast();
  if (!last->status().ok()) {
    const ledger::Errc errc = database_->fault(last->status(), FaultKind::unreadable);
    const std::string why = "cannot read the access log: " + last->status().ToString();
    if (errc == ledger::Errc::corrupt_record) throw DamagedJournal(why);
    throw std::runtime_error(why);
  }
  chain_.node = random_node();
  if (!last->Valid()) return;
  const auto block = decode_access_block(view_of(last->value()));
  if (!block) throw DamagedJournal("the last block of the access log is damaged");
  chain_ = {block.value().node, block.value().number, block.value().last(), block.value().hash};
}

void AccessLog::index_blocks() {
  indexed_ = index_.indexed();
  const auto read =
      database_->for_each(access_block_family, access_block_key(indexed_ + 1),
                          [this](std::string_view, std::string_view bytes) -> Result<void> {
                            return index(bytes) ? Result<void>(ledger::ok())
                                                : database_->undecodable_row(access_block_family);
                          });
  if (!read) throw DamagedJournal("a block of the access log is damaged");
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
      (void)index_.write_run();  // noted when it fails, and tried again
    } catch (const std::exception& exception) {
      database_->fault(rocksdb::Status::Aborted(exception.what()), FaultKind::unwritable);
    }
  }
}

bool AccessLog::write_waiting() {
  std::optional<AccessLogBuffer::Batch>& batch = buffer_->batch_;
  {
    const std::lock_guard lock(buffer_->mutex_);
    if (!batch) {
      if (buffer_->waiting_count_ == 0) return false;
      batch = AccessLogBuffer::Batch{
          std::exchange(buffer_->waiting_, {}), std::exchange(buffer_->waiting_count_, 0), {}, {}};
    }
  }
  // Nobody else looks at more of it than the number of its records.
  if (batch->blocks.empty()) seal(*batch);
  rocksdb::WriteBatch rows;
  for (const AccessLogBuffer::Block& block : batch->blocks) {
    rows.Put(database_->family(access_block_family), access_block_key(block.first), block.bytes);
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = database_->db().Write(options, &rows);
  if (!status.ok()) {
    database_->fault(status, FaultKind::unwritable);
    return false;
  }
  for (const AccessLogBuffer::Block& block : batch->blocks) index(block.bytes);
  {
    const std::lock_guard lock(mutex_);
    chain_ = batch->after;
  }
  const std::lock_guard lock(buffer_->mutex_);
  batch.reset();
  return true;
}

/// Makes blocks of the records.
void AccessLog::seal(AccessLogBuffer::Batch& batch) const {
  std::vector<std::array<AccessSalt, 2>> salts(batch.records);
  fill_random({salts.front().front().data(), salts.size() * sizeof salts.front()});
  const SigningKeys::Key signing = signing_.current();
  // All of the blocks or none: what has been sealed is not sealed again.
  AccessChain after = chain_;
  std::vector<AccessLogBuffer::Block> blocks;
  ByteReader in(batch.waiting);
  for (std::uint64_t done = 0; done < batch.records;) {
    std::vector<AccessLeaf> leaves(std::min(access_block_records_max, batch.records - done));
    for (AccessLeaf& leaf : leaves) {
      leaf.body = in.text();
      const auto [of_person, of_practitioner] = salts[done++];
      leaf.person = {AccessNumber::State::named, of_person, {in.raw<16>()}, {}};
      leaf.practitioner = practitioner_of({in.raw<16>()}, of_practitioner);
    }
    const std::uint64_t first = after.records + 1;
    blocks.push_back({first, seal_access_block(after, std::move(leaves), *signing)});
  }
  batch.after = after;
  batch.blocks = std::move(blocks);
}

/// False when it does not decode.
bool AccessLog::index(std::string_view bytes) {
  const auto block = decode_access_block(bytes);
  if (!block) return false;
  std::uint64_t sequence = block.value().first;
  for (const AccessLeaf& leaf : block.value().leaves) {
    if (sequence > indexed_ && !leaf.person.is_erased()) index_.add(leaf.person.number, sequence);
    ++sequence;
  }
  indexed_ = std::max(indexed_, block.value().last());
  return true;
}

AccessHead AccessLog::head() const {
  const std::lock_guard lock(mutex_);
  return {chain_.node, chain_.blocks, chain_.hash};
}

/// Records that are asked for in descending order: a block is read once.
class AccessLog::RecordReader {
 public:
  explicit RecordReader(const Database& database)
      : database_(database),
        row_(database.db().NewIterator(rocksdb::ReadOptions(),
                                       database.family(access_block_family))) {}

  /// The leaf; null when there is none, which has been noted.
  const AccessLeaf* leaf(std::uint64_t sequence) {
    if (block_.leaves.empty() || sequence < block_.first) {
      row_->SeekForPrev(access_block_key(sequence));
      if (!row_->status().ok()) return note(row_->status());
      auto decoded = row_->Valid() ? decode_access_block(view_of(row_->value()))
                                   : Result<AccessBlock>(ledger::Errc::corrupt_record);
      if (!decoded) return damaged();
      block_ = std::move(decoded.value());
    }
    if (sequence < block_.first || sequence > block_.last()) return damaged();
    return &block_.leaves[sequence - block_.first];
  }
  ledger::Errc error() const { return error_; }
  ledger::Errc undecodable() {
    damaged();
    return error_;
  }

 private:
  const AccessLeaf* note(const rocksdb::Status& status) {
    error_ = database_.fault(status, FaultKind::unreadable);
    return nullptr;
  }
  const AccessLeaf* damaged() {
    error_ = database_.undecodable_row(access_block_family);
    return nullptr;
  }

  const Database& database_;
  const std::unique_ptr<rocksdb::Iterator> row_;
  AccessBlock block_;  // of the row that the iterator stands on
  ledger::Errc error_{};
};

Result<std::vector<AccessLog::Found>> AccessLog::find(
    std::span<const ledger::EncryptedNumber> numbers, std::uint64_t before,
    std::size_t limit) const {
  std::vector<std::uint64_t> sequences;
  for (const ledger::EncryptedNumber& number : numbers) {
    const auto found = index_.find(number, before, limit);
    if (!found) return found.error();
    sequences.insert(sequences.end(), found.value().begin(), found.value().end());
  }
  std::sort(sequences.begin(), sequences.end(), std::greater<>());
  RecordReader reader(*database_);
  std::vector<Found> records;
  for (const std::uint64_t sequence : sequences) {
    if (records.size() == limit) break;
    const AccessLeaf* const leaf = reader.leaf(sequence);
    if (leaf == nullptr) return reader.error();
    if (leaf->person.is_erased()) continue;
    auto record = record_of(*leaf);
    if (!record) return reader.undecodable();
    records.push_back({sequence, std::move(record.value())});
  }
  return records;
}

Result<std::vector<AccessRecord>> AccessLog::read_all() const {
  std::vector<AccessRecord> records;
  const auto read = database_->for_each(
      access_block_family, {}, [&](std::string_view, std::string_view bytes) -> Result<void> {
        const auto block = decode_access_block(bytes);
        if (!block) return block.error();
        for (const AccessLeaf& leaf : block.value().leaves) {
          if (leaf.person.is_erased()) continue;
          auto record = record_of(leaf);
          if (!record) return record.error();
          records.push_back(std::move(record.value()));
        }
        return ledger::ok();
      });
  if (!read) return read.error();
  return records;
}

Result<void> AccessLog::check_files(const std::function<bool()>& stop) const {
  return database_->check_files(stop);
}

void AccessLog::copy_files(const std::filesystem::path& folder) const {
  database_->copy_to(folder);
}

std::uint32_t AccessLog::back_up(DatabaseBackups& backups,
                                 const DatabaseBackups::OnBytes& on_bytes) const {
  return backups.add(*database_, on_bytes);
}

}  // namespace storage
