#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/universal_compaction.h>

#include <cstdarg>

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

std::vector<DatabaseFamily> journal_families(std::size_t write_buffer_bytes) {
  return {{rocksdb::kDefaultColumnFamilyName, journal_family_options(write_buffer_bytes)}};
}

}  // namespace storage
