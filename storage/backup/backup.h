#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include "storage/backup/backup_manifest.h"
#include "storage/files/report_progress.h"
#include "storage/ledger_files/ledger_files.h"

// Everything here throws std::runtime_error.
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

}  // namespace storage
