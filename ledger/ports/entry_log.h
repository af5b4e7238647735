#pragma once

#include "ledger/records/entry.h"
#include "ledger/values/result.h"

namespace ledger {

/// The entries that have been posted, for rules that must see what came before: those of the
/// journal, those on the way to it, and those of the group that is being built.
class EntryLog {
 public:
  virtual ~EntryLog() = default;
  /// `corrupt_record` when there is no entry at this position.
  virtual Result<Entry> entry_at(Position position) const = 0;

 protected:
  EntryLog() = default;
  EntryLog(const EntryLog&) = default;
  EntryLog& operator=(const EntryLog&) = default;
};

}  // namespace ledger
