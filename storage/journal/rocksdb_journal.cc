#include "storage/journal/rocksdb_journal.h"

#include <rocksdb/write_batch.h>

#include <stdexcept>
#include <utility>

#include "ledger/values/assert.h"
#include "storage/bytes/format.h"
#include "storage/files/files.h"
#include "storage/journal/sealer.h"
#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/rocksdb/torn_log.h"

namespace storage {

using ledger::CommitGroup;
using ledger::Errc;
using ledger::Position;
using ledger::Result;

namespace {

Result<void> for_each_record(const Database& database, Position first, const UseRecord& use,
                             Position end) {
  return database.for_each(
      0, journal_key(first),
      [&](std::string_view key, std::string_view value) {
        return use(decode_journal_key(key), value);
      },
      end.value() == 0 ? std::string() : journal_key(end));
}

void sync_logs(const std::filesystem::path& folder) {
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() == ".log") sync_file(file.path());
  }
}

/// Where the next group goes, if what cannot be read at the end of the log is left out.
Position next_position_before_damage(const std::filesystem::path& folder,
                                     const JournalOptions& options) {
  rocksdb::DBOptions tolerant = journal_db_options(options.env);
  tolerant.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  const Database database(folder.string(), tolerant, journal_families(options.write_buffer_bytes),
                          OpenMode::read_only);
  const std::unique_ptr<rocksdb::Iterator> last{
      database.db().NewIterator(rocksdb::ReadOptions(), database.family(0))};
  last->SeekToLast();
  if (!last->Valid()) return Position{1};
  const auto record = decode_record(view_of(last->value()));
  return record ? record.value().group.next_position() : Position{0};
}

Database open_database(const std::filesystem::path& folder, const JournalOptions& options,
                       OpenMode mode, NoteFault note_fault) {
  // What a process that was killed has written need not be on stable storage yet. Read-write,
  // RocksDB writes it to another file and syncs that.
  if (mode == OpenMode::read_only && options.durable.value() == 0) sync_logs(folder);
  try {
    return Database(folder.string(), journal_db_options(options.env),
                    journal_families(options.write_buffer_bytes), mode,
                    {"the journal", FaultKind::journal_damaged, std::move(note_fault)});
  } catch (const DamagedDatabase& damage) {
    throw DamagedJournal(damage.what());
  }
}

}  // namespace

bool cut_torn_write(const std::filesystem::path& folder, Position at_least,
                    const JournalOptions& options) {
  const auto torn = find_torn_log(folder);
  if (!torn || next_position_before_damage(folder, options) < at_least) return false;
  cut(*torn, options.env);
  return true;
}

RocksDbJournal::RocksDbJournal(const std::filesystem::path& folder, SigningKeys& signing,
                               const JournalOptions& options, OpenMode mode, NoteFault note_fault)
    : signing_(signing), database_(open_database(folder, options, mode, std::move(note_fault))) {
  const std::unique_ptr<rocksdb::Iterator> last{
      database_.db().NewIterator(rocksdb::ReadOptions(), database_.family(0))};
  const bool is_cut = mode == OpenMode::read_only && options.durable.value() != 0;
  if (is_cut) {
    last->SeekForPrev(journal_key(Position{options.durable.value() - 1}));
  } else {
    last->SeekToLast();
  }
  if (!last->status().ok()) {
    const Errc errc = database_.fault(last->status(), FaultKind::unreadable);
    const std::string why =
        "cannot read the journal in " + folder.string() + ": " + last->status().ToString();
    if (errc == Errc::corrupt_record) throw DamagedJournal(why);
    throw std::runtime_error(why);
  }
  if (last->Valid()) {
    const auto record = decode_record(view_of(last->value()));
    if (!record) {
      throw DamagedJournal("the last record of the journal in " + folder.string() + " is damaged");
    }
    const std::string key_id = key_id_after(record.value().group, record.value().key_id);
    if (!signing.use(key_id)) {
      throw std::runtime_error("the journal in " + folder.string() + " is signed with the key " +
                               key_id + ", and the keys given have " + signing.current()->key_id() +
                               "; remedy: --keys");
    }
    next_position_ = record.value().group.next_position().value();
    head_root_ = record.value().root;
    newest_commit_ = record.value().group.committed_at;
  }
  if (next_position() < options.durable) {
    throw DamagedJournal("the journal in " + folder.string() +
                         " has lost records that were on stable storage");
  }
}

Result<std::vector<ledger::Seal>> RocksDbJournal::write(
    std::span<const ledger::AnsweredGroup> groups) {
  std::vector<ledger::Seal> seals;
  seals.reserve(groups.size());
  rocksdb::WriteBatch records;
  rocksdb::Status status;
  Sealer sealer(signing_, head_root_);
  Position next = next_position();
  for (const ledger::AnsweredGroup& answered : groups) {
    const CommitGroup& group = answered.group;
    LEDGER_ASSERT(group.position == next);
    Sealer::Sealed sealed = sealer.seal(answered);
    if (!sealed.fault.empty()) return database_.unstorable(sealed.fault);
    seals.push_back(std::move(sealed.seal));
    next = group.next_position();
    if (status.ok()) {
      status = records.Put(database_.family(0), journal_key(group.position), sealed.record);
    }
  }

  rocksdb::WriteOptions options;
  options.sync = true;  // the promise: nothing is answered before this returns
  if (status.ok()) status = database_.db().Write(options, &records);
  if (!status.ok()) return database_.fault(status, FaultKind::unwritable);
  signing_.use(sealer.key_id());
  head_root_ = sealer.root();
  if (!groups.empty()) newest_commit_ = groups.back().group.committed_at;
  next_position_.store(next.value(), std::memory_order_release);
  return seals;
}

/// What `decode` finds in the record that the position is in.
template <class Decode>
auto read_record_of(const Database& database, Position position, const Decode& decode)
    -> decltype(decode(std::string_view())) {
  const std::unique_ptr<rocksdb::Iterator> record{
      database.db().NewIterator(rocksdb::ReadOptions(), database.family(0))};
  record->SeekForPrev(journal_key(position));
  if (!record->status().ok()) return database.fault(record->status(), FaultKind::unreadable);
  if (!record->Valid()) return database.undecodable_row(0);
  auto decoded = decode(view_of(record->value()));
  if (!decoded) return database.undecodable_row(0);
  return decoded;
}

Result<ledger::Entry> RocksDbJournal::entry_at(Position position) const {
  return read_record_of(database_, position, [position](std::string_view record) {
    return decode_entry_at(record, position);
  });
}

Result<ledger::ItemEntry> RocksDbJournal::read_item(Position position) const {
  const auto entry = entry_at(position);
  if (!entry) return entry.error();
  const ledger::ItemEntry* const item = item_of(entry.value());
  return item == nullptr ? Result<ledger::ItemEntry>(Errc::corrupt_record) : *item;
}

Result<bool> RocksDbJournal::has_entry(Position position) const {
  return read_record_of(database_, position, [position](std::string_view record) {
    return has_entry_at(record, position);
  });
}

Result<ledger::Instant> RocksDbJournal::committed_at(Position position) const {
  return read_record_of(database_, position, decode_committed_at);
}

Result<Position> RocksDbJournal::position_at(ledger::Instant time) const {
  // Everything up to `first` had been committed by then, and nothing from `end` on.
  std::uint64_t first = 0;
  std::uint64_t end = next_position().value();
  while (end - first > 1) {
    const std::uint64_t middle = first + (end - first) / 2;
    const auto committed = committed_at(Position{middle});
    if (!committed) return committed.error();
    (committed.value() <= time ? first : end) = middle;
  }
  return Position{first};
}

Result<ledger::RulePackHash> RocksDbJournal::rule_pack_at(Position position) const {
  return read_record_of(database_, position, decode_rule_pack);
}

Result<std::string> RocksDbJournal::record_with(Position position) const {
  return read_record_of(database_, position, [](std::string_view record) {
    return Result<std::string>(std::string(record));
  });
}

Result<void> RocksDbJournal::replay(
    Position first, const std::function<Result<void>(const ledger::CommitGroup&)>& use) const {
  return for_each(
      first,
      [&](Position, std::string_view bytes) -> Result<void> {
        const auto decoded = decode_record(bytes);
        if (!decoded) return database_.undecodable_row(0);
        return use(decoded.value().group);
      },
      next_position());
}

Result<void> RocksDbJournal::for_each(Position first, const UseRecord& use, Position end) const {
  return for_each_record(database_, first, use, end);
}

Result<void> RocksDbJournal::check_files(const std::function<bool()>& stop) const {
  return database_.check_files(stop);
}

void RocksDbJournal::copy_files(const std::filesystem::path& folder) const {
  database_.copy_to(folder);
}

std::uint32_t RocksDbJournal::back_up(DatabaseBackups& backups,
                                      const DatabaseBackups::OnBytes& on_bytes) const {
  return backups.add(database_, on_bytes);
}

Result<ledger::Digest> RocksDbJournal::root_before(Position position) const {
  const Database& database = database_;
  const std::unique_ptr<rocksdb::Iterator> last{
      database.db().NewIterator(rocksdb::ReadOptions(), database.family(0))};
  last->SeekForPrev(journal_key(Position{position.value() - 1}));
  if (!last->status().ok()) return database.fault(last->status(), FaultKind::unreadable);
  if (!last->Valid()) return ledger::Digest{};
  const auto record = decode_record(view_of(last->value()));
  if (!record) return database.undecodable_row(0);
  return record.value().root;
}

JournalReader::JournalReader(const std::filesystem::path& folder, Damage damage) {
  rocksdb::DBOptions options = journal_db_options();
  if (damage == Damage::skipped) {
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
    options.paranoid_checks = false;
    // Files are then opened when they are read, not all at the start.
    options.max_open_files = 32;
  }
  database_ = std::make_unique<Database>(folder.string(), options,
                                         journal_families(JournalOptions().write_buffer_bytes),
                                         OpenMode::read_only);
}

JournalReader::JournalReader(JournalReader&&) noexcept = default;
JournalReader::~JournalReader() = default;

Result<void> JournalReader::for_each(Position first, const UseRecord& use) const {
  return for_each_record(*database_, first, use, {});
}

std::uint64_t JournalReader::records_estimate() const {
  std::uint64_t count = 0;
  database_->db().GetIntProperty(database_->family(0), rocksdb::DB::Properties::kEstimateNumKeys,
                                 &count);
  return count;
}

}  // namespace storage
