#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/universal_compaction.h>
#include <rocksdb/utilities/checkpoint.h>

#include <cstdarg>
#include <stdexcept>

#include "storage/rocksdb/rocksdb_internal.h"

namespace storage {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

/// RocksDB's own log, which nobody reads: faults are noted. As a file among the data it would end
/// the process when the disk is full, because the library asserts that writing it never fails.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::DBOptions common_options(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  if (env != nullptr) options.env = env;
  // Merging can wait; those who send cannot.
  options.env->LowerThreadPoolCPUPriority(rocksdb::Env::LOW, rocksdb::CpuPriority::kLow);
  options.info_log = std::make_shared<NoLog>();
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_open_files = -1;
  options.max_background_jobs = 2;
  // Damage is found when it is written, not when it is read.
  options.paranoid_checks = true;
  options.stats_dump_period_sec = 0;
  // Files are written out as they grow: all at once at their end, the journal's next sync waits.
  options.bytes_per_sync = 1 * mib;
  // After a failed write the database is opened again, by whoever is told of the fault.
  options.max_bgerror_resume_count = 0;
  return options;
}

Fault fault_of(const DatabaseFaults& faults, const rocksdb::Status& status, FaultKind kind) {
  const std::string why = status.ToString();
  if (status.IsCorruption()) {
    std::string reason = fmt::format("{} is damaged: {}", faults.name, why);
    if (faults.damage == FaultKind::journal_damaged)
      reason += "; remedy: restore the latest backup";
    return {faults.damage, std::move(reason)};
  }
  if (status.IsNoSpace()) kind = FaultKind::unwritable;
  return {kind, fmt::format("{} cannot be {}: {}", faults.name,
                            kind == FaultKind::unwritable ? "written" : "read", why)};
}

/// Notes what fails where nobody waits for it: flushes and compactions. Keeps the database from
/// going on by itself when a full disk has room again: the log of writes may end in part of a
/// record then, and RocksDB ends the process when it writes to that log.
class BackgroundErrors final : public rocksdb::EventListener {
 public:
  explicit BackgroundErrors(const DatabaseFaults& faults) : faults_(faults) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    if (!faults_.note) return;
    const bool is_reading = reason == rocksdb::BackgroundErrorReason::kCompaction;
    faults_.note(
        fault_of(faults_, *status, is_reading ? FaultKind::unreadable : FaultKind::unwritable));
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* is_automatic) override {
    *is_automatic = false;
  }

 private:
  const DatabaseFaults faults_;
};

/// What is synced in a new folder is lost with the folder, unless its own name is synced, too.
void create_durable_folder(const std::string& folder, rocksdb::Env& env) {
  std::unique_ptr<rocksdb::Directory> parent;
  rocksdb::Status status = env.CreateDirIfMissing(folder);
  if (status.ok()) {
    status = env.NewDirectory(std::filesystem::absolute(folder).parent_path().string(), &parent);
  }
  if (status.ok()) status = parent->Fsync();
  if (status.ok()) return;
  throw std::runtime_error("cannot make the folder " + folder + ": " + status.ToString());
}

}  // namespace

ledger::Errc errc_of(const rocksdb::Status& status) {
  return status.IsCorruption() ? ledger::Errc::corrupt_record : ledger::Errc::store_unavailable;
}

rocksdb::DBOptions journal_db_options(rocksdb::Env* env) {
  rocksdb::DBOptions options = common_options(env);
  // A torn last record is a group that nobody was answered; any other damage must be named.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_total_wal_size = 512 * mib;
  return options;
}

rocksdb::ColumnFamilyOptions journal_family_options(std::size_t write_buffer_bytes) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = write_buffer_bytes;
  // Keys only grow, so files never overlap and compaction moves them down without rewriting.
  options.compaction_style = rocksdb::kCompactionStyleLevel;
  options.compression = rocksdb::kLZ4Compression;
  options.paranoid_file_checks = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16 * kib;
  table.block_cache = rocksdb::NewLRUCache(64 * mib);
  table.checksum = rocksdb::kXXH3;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::DBOptions state_db_options(rocksdb::Env* env) {
  rocksdb::DBOptions options = common_options(env);
  // Derived state can be made again from the journal: it has no log of its own.
  options.max_subcompactions = 1;
  return options;
}

rocksdb::ColumnFamilyOptions state_family_options(std::shared_ptr<rocksdb::Cache> cache,
                                                  bool is_looked_up_when_absent,
                                                  rocksdb::CompressionType compression) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 1 * mib;
  // Sorted runs of equal size, merged rarely: random keys are rewritten as seldom as possible.
  options.compaction_style = rocksdb::kCompactionStyleUniversal;
  options.compaction_options_universal.size_ratio = 20;
  options.compaction_options_universal.max_size_amplification_percent = 200;
  options.level0_file_num_compaction_trigger = 10;
  // Few files, and none so large that making its filter takes much memory.
  options.target_file_size_base = 1024 * mib;
  options.level0_slowdown_writes_trigger = 60;
  options.level0_stop_writes_trigger = 100;
  options.compression = compression;
  options.paranoid_file_checks = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 4 * kib;
  table.block_cache = std::move(cache);
  table.checksum = rocksdb::kXXH3;
  // What is not there is asked of each sorted run. At 10 bits one lookup in ten read a block for
  // nothing; at 14 one in a hundred, for half a byte a row.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(14));
  table.whole_key_filtering = true;
  options.optimize_filters_for_hits = !is_looked_up_when_absent;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::ReadOptions scan_options() {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = 4 * mib;
  return options;
}

std::vector<Database::Family> journal_families(std::size_t write_buffer_bytes) {
  return {{rocksdb::kDefaultColumnFamilyName, journal_family_options(write_buffer_bytes)},
          {"access_log", journal_family_options(write_buffer_bytes)}};
}

std::vector<Database::Family> state_families() {
  // Hashes and ciphertexts do not become smaller, but to try takes a tenth of a merge.
  constexpr auto random = rocksdb::kNoCompression;
  constexpr auto regular = rocksdb::kLZ4Compression;
  // Of one opening: another must see what the files hold by then, not what this one has read.
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(256 * mib);
  return {{rocksdb::kDefaultColumnFamilyName, state_family_options(cache, false, regular)},
          {"registrations", state_family_options(cache, true, random)},
          {"accounts", state_family_options(cache, true, regular)},
          {"numbers", state_family_options(cache, true, random)},
          {"persons", state_family_options(cache, false, random)},
          {"practices", state_family_options(cache, false, regular)},
          {"timeliness", state_family_options(cache, true, regular)},
          {"events", state_family_options(cache, false, regular)},
          {"unpaid", state_family_options(cache, false, regular)}};
}

Database::Database(const std::string& path, const rocksdb::DBOptions& given,
                   const std::vector<Family>& families, OpenMode mode, DatabaseFaults faults)
    : faults_(std::move(faults)) {
  rocksdb::DBOptions options = given;
  options.listeners.push_back(std::make_shared<BackgroundErrors>(faults_));
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.reserve(families.size());
  for (const Family& family : families) descriptors.emplace_back(family.name, family.options);
  if (mode == OpenMode::read_write) create_durable_folder(path, *options.env);
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      mode == OpenMode::read_only
          ? rocksdb::DB::OpenForReadOnly(options, path, descriptors, &handles_, &db)
          : rocksdb::DB::Open(options, path, descriptors, &handles_, &db);
  const std::string text = status.ToString();
  const bool is_locked = text.find("While lock file") != std::string::npos ||
                         text.find("lock hold by current process") != std::string::npos;
  if (status.IsIOError() && is_locked) {
    throw std::runtime_error(path +
                             " is in use by another process; remedy: stop it, or ask the "
                             "running server with --server");
  }
  if (!status.ok()) {
    const std::string why = "cannot open the database in " + path + ": " + status.ToString();
    if (status.IsCorruption() || status.IsPathNotFound()) throw DamagedDatabase(why);
    throw std::runtime_error(why);
  }
  db_.reset(db);
}

Database::~Database() {
  for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  db_->Close();
}

ledger::Errc Database::fault(const rocksdb::Status& status, FaultKind kind) const {
  if (faults_.note) faults_.note(fault_of(faults_, status, kind));
  return errc_of(status);
}

ledger::Errc Database::unstorable(const std::string& what) const {
  if (faults_.note) {
    faults_.note(
        {FaultKind::unwritable,
         fmt::format("{} cannot be written: it could not be read again ({}); nothing of it "
                     "is stored; remedy: report this fault of the program",
                     faults_.name, what)});
  }
  return ledger::Errc::unstorable;
}

ledger::Errc Database::undecodable_row(std::size_t family) const {
  return fault(
      rocksdb::Status::Corruption("a row of `" + handles_[family]->GetName() + "` does not decode"),
      faults_.damage);
}

ledger::Result<void> Database::for_each(
    std::size_t family, std::string_view first,
    const std::function<ledger::Result<void>(std::string_view, std::string_view)>& use,
    std::string_view end) const {
  rocksdb::ReadOptions options = scan_options();
  const rocksdb::Slice bound = slice_of(end);
  if (!end.empty()) options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> row{db_->NewIterator(options, handles_[family])};
  for (row->Seek(slice_of(first)); row->Valid(); row->Next()) {
    const auto used = use(view_of(row->key()), view_of(row->value()));
    if (!used) return used.error();
  }
  if (!row->status().ok()) return fault(row->status(), FaultKind::unreadable);
  return ledger::ok();
}

ledger::Result<void> Database::check_files(const std::function<bool()>& stop) const {
  for (std::size_t family = 0; family < handles_.size(); ++family) {
    const auto read =
        for_each(family, {}, [&](std::string_view, std::string_view) -> ledger::Result<void> {
          if (stop()) return ledger::Errc::shutting_down;
          return ledger::ok();
        });
    if (!read) return read.error();
  }
  return ledger::ok();
}

void Database::copy_to(const std::filesystem::path& folder) const {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder.string());
  if (!status.ok()) {
    throw std::runtime_error("cannot copy the database to " + folder.string() + ": " +
                             status.ToString());
  }
}

}  // namespace storage
