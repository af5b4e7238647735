#include "storage/state/state_files.h"

#include <stdexcept>
#include <utility>

#include "storage/state/state_families_internal.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
using ledger::Result;

Database open_database(const fs::path& folder, rocksdb::Env* env, OpenMode mode,
                       NoteFault note_fault) {
  if (mode == OpenMode::read_write) fs::create_directories(folder);
  try {
    return Database(folder.string(), state_db_options(env), state_families(), mode,
                    {"the state", FaultKind::state_damaged, std::move(note_fault)});
  } catch (const DamagedDatabase& damage) {
    throw DamagedState(damage.what());
  }
}

}  // namespace

StateFiles::StateFiles(const fs::path& folder, rocksdb::Env* env, OpenMode mode,
                       NoteFault note_fault)
    : folder_(folder),
      database_(open_database(folder, env, mode, keep_damage(std::move(note_fault)))) {
  if (mode == OpenMode::read_only) return;
  // What an interrupted hand-over left was never part of the state.
  fs::remove_all(hand_over_folder());
  fs::create_directories(hand_over_folder());
}

Result<bool> StateFiles::get(StateFamily family, std::string_view key,
                             rocksdb::PinnableSlice& value) const {
  const rocksdb::Status status = database_.db().Get(
      rocksdb::ReadOptions(), database_.family(index_of(family)), slice_of(key), &value);
  if (status.ok()) return true;
  if (status.IsNotFound()) return false;
  return database_.fault(status, FaultKind::unreadable);
}

std::unique_ptr<rocksdb::Iterator> StateFiles::rows(StateFamily family) const {
  return std::unique_ptr<rocksdb::Iterator>(
      database_.db().NewIterator(rocksdb::ReadOptions(), database_.family(index_of(family))));
}

Result<void> StateFiles::status_of(const rocksdb::Iterator& rows) const {
  if (!rows.status().ok()) return database_.fault(rows.status(), FaultKind::unreadable);
  return ledger::ok();
}

/// Keeps the first damage, and passes all faults on.
NoteFault StateFiles::keep_damage(NoteFault note_fault) {
  return [this, note_fault = std::move(note_fault)](Fault fault) {
    if (fault.kind == FaultKind::state_damaged) {
      const MutexLock lock(damage_mutex_);
      if (damage_.empty()) damage_ = fault.reason;
    }
    if (note_fault) note_fault(std::move(fault));
  };
}

std::string StateFiles::damage() const {
  const MutexLock lock(damage_mutex_);
  return damage_;
}

void StateFiles::refuse(const std::string& what) const {
  if (const std::string found = damage(); !found.empty()) throw DamagedState(found);
  throw std::runtime_error(what);
}

}  // namespace storage
