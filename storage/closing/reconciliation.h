#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ledger/records/entry.h"
#include "storage/files/report_progress.h"
#include "storage/journal/rocksdb_journal.h"

namespace storage {

/// What a reconciliation works on: an open ledger, which may take submissions meanwhile.
struct ReconciliationSource {
  std::filesystem::path folder;  ///< the files of statements are kept in its `statements`
  const RocksDbJournal& journal;
  /// The year's statements so far, by number, as the journal has them.
  std::vector<ledger::StatementEntry> statements;
  /// Puts a statement into the journal: it is durable afterwards.
  std::function<ledger::Result<ledger::Position>(const ledger::StatementEntry&)> append;
  const SigningKeys& signing;
  const ledger::RulePack& rules;
  /// Copies the state into a new folder, whole and durable.
  std::function<void(const std::filesystem::path&)> copy_state;
  ledger::Instant now;
  /// Places of the journal for each part that is taken up at once: some 40 MB. Persons who come
  /// often come early, so the first parts are a few times larger.
  std::uint64_t positions_per_part = 400'000;
};

/// Takes the files of a statement that is complete but has not taken its place yet: a folder to
/// copy from. When it throws, there is no statement, and its number is not used.
using UseFiles = std::function<void(const std::filesystem::path&)>;

struct MadeStatement {
  std::string id;                ///< `2025-1`; `2025-dry` of a dry run
  std::filesystem::path folder;  ///< see statement_series.h; of a dry run for the caller to remove
  std::int64_t differences = 0;
};

/// The folder of a year's next statement while it is being made; a run that was killed, or ended by
/// `report`, is continued there. There is none when no reconciliation of the year is under way, nor
/// after one that failed.
std::filesystem::path reconciliation_work(const std::filesystem::path& folder, int year,
                                          bool is_dry_run);

/// Recomputes every person-year of `year` from the journal, by the slow reference, and compares it
/// with a copy of the state at one position: accounts, cards, refund lines, events, the indexes and
/// the timeliness counters. Makes the next statement of the year; a dry run makes one without
/// number and signature that is not kept.
///
/// Memory is bounded whatever the size of the year: registrations are put aside by person, by key
/// and by practice in files beside the statement, about 200 bytes each, and taken up part by part.
/// Throws std::runtime_error with the remedy: the journal or an earlier statement is damaged, the
/// year has no ceiling, the disk is full. Whether the year may be closed: see closing.h.
MadeStatement reconcile(const ReconciliationSource& source, int year, bool is_dry_run,
                        const ReportProgress& report, const UseFiles& use_files = {});

}  // namespace storage
