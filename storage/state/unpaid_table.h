#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "ledger/records/registration.h"
#include "ledger/values/result.h"
#include "storage/state/table_context.h"
#include "storage/state/thread_safety.h"

namespace storage {

class SortedFiles;

/// The unpaid registrations, ordered, because a practice's are shown by service day. What is not in
/// the files yet are changes: registrations that came, and keys of those that went. Few
/// registrations are reported unpaid, so ordered maps do.
///
/// Concurrency: the writer; the thread that hands over; readers.
class UnpaidTable {
 public:
  /// A registration that came, under its key; or nothing when the files have it and it is no longer
  /// unpaid.
  using Changes = std::map<ledger::UnpaidKey, std::optional<ledger::UnpaidRegistration>>;

  explicit UnpaidTable(const TableContext& context);

  // For the writer.
  void add(const ledger::UnpaidKey& key, const ledger::UnpaidRegistration& registration);
  void remove(const ledger::UnpaidKey& key);
  /// REQUIRES: nothing is frozen.
  void freeze();
  void thaw_stripe(std::size_t /*stripe*/) {}  // forget_frozen() does it all

  // For the thread that hands over.
  void write(SortedFiles& files) const;
  void forget_frozen();

  // For readers.
  /// The registrations of a practice: those behind `after`, up to the service day `last_day`, in
  /// the order of their keys, at most `limit`.
  ledger::Result<std::vector<ledger::UnpaidRegistration>> find(const ledger::UnpaidKey& after,
                                                               ledger::Date last_day,
                                                               std::size_t limit) const;
  /// The changes from `first` to `last`, newest state of each key, at least the first
  /// `changes_max` of them. Sets `last` to the key up to which they are all there.
  Changes changes(const ledger::UnpaidKey& first, ledger::UnpaidKey& last,
                  std::size_t changes_max) const;
  /// Between freeze() and forget_frozen() nobody changes them.
  const Changes& frozen() const READS_UNLOCKED { return frozen_; }

 private:
  ledger::Result<void> add_rows_of_files(const ledger::UnpaidKey& first,
                                         const ledger::UnpaidKey& last, std::size_t rows_max,
                                         Changes& rows) const;

  const StateFiles& files_;
  mutable Mutex mutex_;
  Changes active_ GUARDED_BY(mutex_);
  Changes frozen_ GUARDED_BY(mutex_);
};

}  // namespace storage
