#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "storage/backup/backup_manifest.h"
#include "storage/closing/statement_files.h"
#include "storage/files/report_progress.h"
#include "storage/ledger_files/ledger_files.h"

/// Backups of a ledger. A folder of backups holds:
///   ledger.json                which ledger: the id of its first signing key
///   journal, state, access-log the databases; files shared among the backups
///   backups/N/manifest.json    what backup N is of; written last, so without it there is no N
///   backups/N/keys             the keys, private ones too unless told otherwise: guard them
///   backups/N/statements       year-end statements, unchanged files linked to earlier backups
///   verification.partial       while a backup is tried out
/// Everything here throws std::runtime_error.
namespace storage {

/// A ledger that may be at work.
struct BackupSource {
  LedgerFiles& files;
  std::function<void()> hand_over;  ///< brings what the state knows into its files
  std::function<void(ledger::Position)> wait_durable;  ///< until the journal holds this position
};

struct BackupOptions {
  std::filesystem::path to;
  ledger::Instant now;
  bool has_private_keys = true;
  bool is_verified = true;
  std::size_t keep = 7;  ///< backups, without failed ones; older ones are deleted after a success
};

/// Why a folder cannot take backups of this ledger; empty when it can.
std::string backup_folder_fault(const std::filesystem::path& folder, const LedgerFiles& files);

/// Makes a backup of exactly one position, and restores it once to see that it is good. A
/// verification that failed, or had no room, is in the manifest, not thrown. Earlier backups stay
/// whole whatever happens.
BackupManifest back_up(const BackupSource& source, const BackupOptions& options,
                       const ReportProgress& report);

/// The backups in a folder, oldest first.
std::vector<BackupManifest> list_backups(const std::filesystem::path& folder);

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
};

/// Makes a ledger of a backup. It is at its place only when position, root of the journal and
/// checksum are those of the manifest.
Restored restore(const RestoreOptions& options, const ReportProgress& report);

}  // namespace storage
