#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/values/error.h"
#include "ledger/values/result.h"
#include "storage/files/fault.h"
#include "storage/files/open_mode.h"

namespace rocksdb {
class ColumnFamilyHandle;
struct ColumnFamilyDescriptor;
class DB;
class Status;
struct DBOptions;
}  // namespace rocksdb

namespace storage {

struct DatabaseFamily;

/// Why a database is not opened: its files are damaged or some are missing. Other reasons, such as
/// a lock or a permission, are a plain std::runtime_error.
class DamagedDatabase : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the faults of a database are called, and who is told of them.
struct DatabaseFaults {
  std::string name;  ///< "the journal"
  FaultKind damage = FaultKind::state_damaged;
  NoteFault note;
};

/// A database with its families; closes in the right order. Throws std::runtime_error with the
/// path and the reason when it cannot be opened.
class Database {
 public:
  Database(const std::string& path, const rocksdb::DBOptions& options,
           const std::vector<DatabaseFamily>& families, OpenMode mode = OpenMode::read_write,
           DatabaseFaults faults = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() const { return *db_; }
  /// In the order given to the constructor.
  rocksdb::ColumnFamilyHandle* family(std::size_t index) const { return handles_[index]; }

  /// Notes a failed operation, and translates its status. The fault is of this `kind`, unless the
  /// status says that files are damaged.
  ledger::Errc fault(const rocksdb::Status& status, FaultKind kind) const;
  /// Notes that a value is not stored, because it could not be read again. `what` names the value
  /// and the field.
  ledger::Errc unstorable(const std::string& what) const;
  /// Notes a row that does not decode.
  ledger::Errc undecodable_row(std::size_t family) const;

  /// Calls `use` with the rows of a family from the key `first` on, and before `end` unless that is
  /// empty, ascending; stops at its first error. For long scans: they do not push out what the
  /// cache holds.
  ledger::Result<void> for_each(
      std::size_t family, std::string_view first,
      const std::function<ledger::Result<void>(std::string_view, std::string_view)>& use,
      std::string_view end = {}) const;

  /// Reads every row of every family; damage is noted. Stops, with an error, when `stop` says so.
  ledger::Result<void> check_files(const std::function<bool()>& stop) const;

  /// A copy of the whole database as it is now, in a folder that does not exist yet; files that do
  /// not change any more are shared by hard links. Throws std::runtime_error.
  void copy_to(const std::filesystem::path& folder) const;

 private:
  rocksdb::Status open_read_only(const std::string& path, const rocksdb::DBOptions& options,
                                 const std::vector<rocksdb::ColumnFamilyDescriptor>& families);
  rocksdb::Status open_read_write(const std::string& path, const rocksdb::DBOptions& options,
                                  const std::vector<rocksdb::ColumnFamilyDescriptor>& families);
  void close();

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  DatabaseFaults faults_;
};

}  // namespace storage
