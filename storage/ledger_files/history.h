#pragma once

#include <vector>

#include "ledger/ports/entry_log.h"

namespace storage {

/// Where what is known of a person's year begins.
struct HistoryEnds {
  ledger::Position newest;        ///< the newest item, or merge, of the account; 0 = none
  ledger::Position newest_event;  ///< the newest event of the person; 0 = none
  int year = 0;
};

/// All entries that a person's year has come from, by position: its items over all merges, the
/// payments and credit notes that came while the person was opted out (as far as an opt-in names
/// them), and the person's events, of which some say nothing about this year. Entries must be
/// durable.
ledger::Result<std::vector<ledger::Entry>> history_of(const ledger::EntryLog& log,
                                                      const HistoryEnds& ends);

}  // namespace storage
