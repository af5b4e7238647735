#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/error.h"

// What the files of this folder share about RocksDB; included by .cc files only.
namespace storage {

inline rocksdb::Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view view_of(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

/// The one translation of RocksDB's errors. Not found is not an error: callers ask before.
ledger::Errc errc_of(const rocksdb::Status& status);

/// Options of the journal database: appended to in key order, synced at every write.
rocksdb::DBOptions journal_db_options();
rocksdb::ColumnFamilyOptions journal_family_options();

/// Options of the state database: filled only by sorted files, never through memtables.
rocksdb::DBOptions state_db_options();
rocksdb::ColumnFamilyOptions state_family_options(bool is_looked_up_when_absent);

/// A database with its families; closes in the right order. Throws std::runtime_error with the
/// path and the reason when it cannot be opened.
class Database {
 public:
  struct Family {
    std::string name;
    rocksdb::ColumnFamilyOptions options;
  };
  Database(const std::string& path, const rocksdb::DBOptions& options,
           const std::vector<Family>& families);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() const { return *db_; }
  /// In the order given to the constructor.
  rocksdb::ColumnFamilyHandle* family(std::size_t index) const { return handles_[index]; }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace storage
