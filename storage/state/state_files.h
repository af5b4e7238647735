#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/values/result.h"
#include "storage/bytes/format.h"
#include "storage/bytes/format_bounds.h"
#include "storage/files/fault.h"
#include "storage/files/open_mode.h"
#include "storage/rocksdb/database.h"
#include "storage/state/state_families.h"
#include "storage/state/thread_safety.h"

namespace rocksdb {
class Env;
class Iterator;
class PinnableSlice;
}  // namespace rocksdb

namespace storage {

/// The files under the tables of the state: what has been handed over. From any thread.
class StateFiles {
 public:
  /// Throws DamagedState, and std::runtime_error when the files cannot be opened.
  StateFiles(const std::filesystem::path& folder, rocksdb::Env* env, OpenMode mode,
             NoteFault note_fault);

  /// Whether the family has the row; if so, `value` is it.
  ledger::Result<bool> get(StateFamily family, std::string_view key,
                           rocksdb::PinnableSlice& value) const;
  /// An iterator over the family's rows, to be placed.
  std::unique_ptr<rocksdb::Iterator> rows(StateFamily family) const;
  /// An error, which is noted, when an iterator stopped at what cannot be read.
  ledger::Result<void> status_of(const rocksdb::Iterator& rows) const;

  /// Notes a row that does not decode.
  ledger::Errc undecodable(StateFamily family) const {
    return database_.undecodable_row(index_of(family));
  }
  /// An error, which is noted, when what is kept in memory now could not be read from the files.
  template <class Value>
  ledger::Result<void> require_storable(const char* kind, const Value& value) const {
    const char* const field = field_out_of_bounds(value);
    if (field == nullptr) return ledger::ok();
    return database_.unstorable(std::string(kind) + ": " + field);
  }

  /// What of the files is damaged, as far as it has been met; empty while nothing has.
  std::string damage() const;
  /// Throws DamagedState with the damage that has been met; without, std::runtime_error.
  [[noreturn]] void refuse(const std::string& what) const;

  const Database& database() const { return database_; }
  const std::filesystem::path& folder() const { return folder_; }
  /// Where a hand-over makes its files.
  std::filesystem::path hand_over_folder() const { return folder_ / "hand_over"; }

 private:
  NoteFault keep_damage(NoteFault note_fault);

  mutable Mutex damage_mutex_;  // before the database, whose threads may meet damage
  std::string damage_ GUARDED_BY(damage_mutex_);
  const std::filesystem::path folder_;
  Database database_;
};

}  // namespace storage
