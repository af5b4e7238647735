#include "storage/state/notes_table.h"

#include <rocksdb/iterator.h>

#include <utility>

#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"

namespace storage {

using ledger::Entry;

NotesTable::NotesTable(const TableContext& context) { load(context.files); }

void NotesTable::load(const StateFiles& files) {
  const MutexLock lock(mutex_);
  const auto row = files.rows(StateFamily::notes);
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    auto note = decode_note(view_of(row->key()), view_of(row->value()));
    if (!note) throw DamagedState("the notes of the state are damaged");
    notes_.push_back(std::move(note.value()));
  }
  if (!files.status_of(*row)) files.refuse("cannot read the notes of the state");
  in_files_ = notes_.size();
}

void NotesTable::add(const Entry& note) {
  const MutexLock lock(mutex_);
  notes_.push_back(note);
}

void NotesTable::freeze() {
  const MutexLock lock(mutex_);
  frozen_.assign(notes_.begin() + static_cast<std::ptrdiff_t>(in_files_), notes_.end());
  in_files_ = notes_.size();
}

void NotesTable::write(SortedFiles& files) const {
  files.write(StateFamily::notes, frozen_, [](const Entry& note) {
    return std::pair(journal_key(position_of(note)), encode_note(note));
  });
}

std::vector<ledger::StatementEntry> NotesTable::statements(int year) const {
  std::vector<ledger::StatementEntry> found;
  const MutexLock lock(mutex_);
  for (const Entry& note : notes_) {
    const auto* const statement = std::get_if<ledger::StatementEntry>(&note);
    if (statement != nullptr && statement->year == year) found.push_back(*statement);
  }
  return found;
}

std::vector<ledger::ActEntry> NotesTable::newest_acts(std::size_t most) const {
  std::vector<ledger::ActEntry> found;
  const MutexLock lock(mutex_);
  for (auto note = notes_.rbegin(); note != notes_.rend() && found.size() < most; ++note) {
    if (const auto* const act = std::get_if<ledger::ActEntry>(&*note)) found.push_back(*act);
  }
  return found;
}

std::vector<ledger::KeyEntry> NotesTable::keys() const {
  std::vector<ledger::KeyEntry> found;
  const MutexLock lock(mutex_);
  for (const Entry& note : notes_) {
    if (const auto* const key = std::get_if<ledger::KeyEntry>(&note)) found.push_back(*key);
  }
  return found;
}

}  // namespace storage
