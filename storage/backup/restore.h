#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "storage/backup/backup_folder.h"
#include "storage/closing/statement_files.h"
#include "storage/files/report_progress.h"
#include "storage/ledger_files/ledger_files.h"

namespace storage {

struct RestoreOptions {
  std::filesystem::path from;
  std::filesystem::path keys;           ///< empty: those in the backup
  std::optional<std::uint32_t> number;  ///< nothing: the newest that passed or had no room
  /// Restore only groups that end here or before; nothing: all that the backup is of.
  std::optional<ledger::Position> position;
  /// How to open the restored ledger; its folder is where to restore to, and must not exist or be
  /// empty.
  LedgerOptions files;
};

struct Restored {
  BackupManifest manifest;
  ledger::Position position;  ///< the last one restored
  std::string checksum;       ///< of the state, as its rows give it
  std::uint64_t bytes = 0;    ///< copied
  double copy_seconds = 0;
  std::uint64_t replayed = 0;  ///< positions of the journal applied again
  double replay_seconds = 0;
  double check_seconds = 0;                        ///< for computing the checksum from all rows
  std::vector<ledger::StatementEntry> statements;  ///< that the journal names
  std::vector<PublicKey> public_keys;              ///< that the ledger signs with
  std::vector<StatementFault> faults;              ///< of those of them that were left out
  /// Newer backups that cannot be used; none when the backup was named.
  std::vector<BackupList::Damaged> passed_over;
};

/// Makes a ledger of a backup. It is at its place only when position, root of the journal and
/// checksum are those of the manifest. Throws std::runtime_error.
Restored restore(const RestoreOptions& options, const ReportProgress& report);

/// The part of it that makes the databases: restores them into the folder of `ledger_options`, up
/// to `last`, and holds the opened ledger against the manifest. Throws std::runtime_error.
Restored restore_databases(const BackupDatabases& databases, const BackupManifest& manifest,
                           ledger::Position last, LedgerOptions ledger_options,
                           const ReportProgress& report);

}  // namespace storage
