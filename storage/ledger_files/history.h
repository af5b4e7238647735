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
/// person's events, of which some say nothing about this year, and the payments and credit notes
/// that an opt-in names, some of which may be of other years. So whoever follows the names from the
/// ends finds every entry of it. Entries must be durable.
ledger::Result<std::vector<ledger::Entry>> history_of(const ledger::EntryLog& log,
                                                      const HistoryEnds& ends);

}  // namespace storage
