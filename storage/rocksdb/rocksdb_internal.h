#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/values/error.h"
#include "storage/rocksdb/database.h"

// What the files of this folder share about RocksDB; included by .cc files only.
namespace storage {

inline rocksdb::Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view view_of(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

/// The one translation of RocksDB's errors. Not found is not an error: callers ask before.
ledger::Errc errc_of(const rocksdb::Status& status);

/// Options of the journal database: appended to in key order, synced at every write.
rocksdb::DBOptions journal_db_options(rocksdb::Env* env = nullptr);
rocksdb::ColumnFamilyOptions journal_family_options(std::size_t write_buffer_bytes);

/// Options of the state database: filled only by sorted files, never through memtables. What is
/// read goes into the cache, which all families of an opening share.
rocksdb::DBOptions state_db_options(rocksdb::Env* env = nullptr);
rocksdb::ColumnFamilyOptions state_family_options(std::shared_ptr<rocksdb::Cache> cache,
                                                  bool is_looked_up_when_absent,
                                                  rocksdb::CompressionType compression);

/// For reading a whole family: what the cache holds stays there.
rocksdb::ReadOptions scan_options();

/// A family of a database, and how it is kept.
struct DatabaseFamily {
  std::string name;
  rocksdb::ColumnFamilyOptions options;
};

/// The families of the journal database, in the order of their handles; with caches of their own,
/// for one opening. Those of the state: state_families_internal.h.
std::vector<DatabaseFamily> journal_families(std::size_t write_buffer_bytes);

}  // namespace storage
