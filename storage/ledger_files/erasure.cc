#include "storage/ledger_files/erasure.h"

#include <rocksdb/db.h>

#include <stdexcept>

#include "storage/bytes/format.h"
#include "storage/files/files.h"
#include "storage/journal/rocksdb_journal.h"
#include "storage/rocksdb/rocksdb_internal.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

void require(const rocksdb::Status& status, const char* what) {
  if (!status.ok()) throw std::runtime_error(std::string(what) + ": " + status.ToString());
}

std::uint64_t erased_in(std::string_view record) {
  std::uint64_t count = 0;
  const auto decoded = decode_record(record);
  if (!decoded) return 0;
  for (const auto& [index, numbers] : decoded.value().numbers) {
    for (const StoredNumber& number : numbers) count += number.is_erased ? 1 : 0;
  }
  return count;
}

/// Every file anew: what was overwritten is left in none.
void rewrite_files(const Database& database) {
  require(database.db().Flush(rocksdb::FlushOptions(), database.family(0)),
          "the journal cannot be written");
  rocksdb::CompactRangeOptions everything;
  everything.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  require(database.db().CompactRange(everything, database.family(0), nullptr, nullptr),
          "the files of the journal cannot be written anew");
}

}  // namespace

Erasure erase_numbers(const fs::path& folder,
                      const std::function<bool(const ledger::EncryptedNumber&)>& is_erased) {
  fs::remove_all(folder / "state");
  Erasure erasure;
  const Database database((folder / "journal").string(), journal_db_options(),
                          journal_families(JournalOptions().write_buffer_bytes));
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const auto read = database.for_each(
      0, {}, [&](std::string_view key, std::string_view record) -> ledger::Result<void> {
        const auto erased = erase_numbers(record, is_erased);
        if (!erased) return erased.error();
        if (!erased.value()) return ledger::ok();
        ++erasure.records;
        erasure.numbers += erased_in(*erased.value()) - erased_in(record);
        require(
            database.db().Put(synced, database.family(0), slice_of(key), slice_of(*erased.value())),
            "the journal cannot be written");
        return ledger::ok();
      });
  if (!read) throw std::runtime_error("the journal cannot be read: " + read.error().message());
  rewrite_files(database);
  return erasure;
}

}  // namespace storage
