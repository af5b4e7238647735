#pragma once

#include <cstddef>
#include <vector>

#include "ledger/records/entry.h"
#include "storage/state/table_context.h"
#include "storage/state/thread_safety.h"

namespace storage {

class SortedFiles;

/// What the journal says about the ledger itself: the statements that were made, the keys that
/// sign, and who had it do what. All of it in memory, because it is little.
///
/// Concurrency: the writer; the thread that hands over; readers.
class NotesTable {
 public:
  /// Reads all from the files. Throws DamagedState, or std::runtime_error when they cannot be read.
  explicit NotesTable(const TableContext& context);

  // For the writer.
  void add(const ledger::Entry& note);
  void freeze();
  void thaw_stripe(std::size_t /*stripe*/) {}  // forget_frozen() does it all

  // For the thread that hands over.
  void write(SortedFiles& files) const;
  void forget_frozen() { frozen_.clear(); }

  // For readers.
  std::vector<ledger::StatementEntry> statements(int year) const;
  std::vector<ledger::KeyEntry> keys() const;
  /// Newest first, at most so many.
  std::vector<ledger::ActEntry> newest_acts(std::size_t most) const;

 private:
  void load(const StateFiles& files);

  mutable Mutex mutex_;
  std::vector<ledger::Entry> notes_ GUARDED_BY(mutex_);  // by position
  std::size_t in_files_ GUARDED_BY(mutex_) = 0;          // or frozen: so many of them
  /// The writer's in freeze(), then that of the thread that hands over.
  std::vector<ledger::Entry> frozen_;
};

}  // namespace storage
