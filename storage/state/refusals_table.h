#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ledger/ports/journal.h"
#include "ledger/records/timeliness.h"
#include "ledger/values/ids.h"
#include "ledger/values/result.h"
#include "storage/state/table_context.h"
#include "storage/state/text_hash.h"
#include "storage/state/write_behind.h"

namespace storage {

class SortedFiles;

/// What was refused of practices that have no number, because nothing of theirs has been accepted.
/// Not numbered, and in memory only until handed over: anybody can make up any number of practices.
///
/// Concurrency: the writer; the thread that hands over; find() from any thread.
class RefusalsTable {
 public:
  explicit RefusalsTable(const TableContext& context);

  // For the writer.
  ledger::Result<void> record(const ledger::Tally& tally);
  /// Gives back what was refused of a practice that gets a number now, and forgets it.
  ledger::Result<ledger::Refusals> take(const ledger::PracticeId& practice);
  void freeze() { refusals_.freeze(); }
  void thaw_stripe(std::size_t stripe) { refusals_.thaw_stripe(stripe); }

  // For the thread that hands over.
  void write(SortedFiles& files) const;
  void forget_frozen() {}  // the writer thaws them

  // For readers.
  /// Empty when nothing was.
  ledger::Result<ledger::Refusals> find(const ledger::PracticeId& practice) const;

 private:
  ledger::Result<ledger::Refusals> read(std::string_view practice) const;

  const StateFiles& files_;
  /// By the practice's own identifier. An empty row is one to take out of the files.
  WriteBehind<std::string, ledger::Refusals, TextHash> refusals_;
};

}  // namespace storage
