#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/backup/backup_manifest.h"
#include "storage/files/folder_lock.h"
#include "storage/rocksdb/database_backups.h"

// A folder of backups holds:
//   ledger.json                which ledger: the id of its first signing key
//   journal, state, access-log the databases; files shared among the backups
//   backups/N/manifest.json    what backup N is of; written last, so without it there is no N
//   backups/N/keys             the keys, private ones too unless told otherwise: guard them
//   backups/N/statements       year-end statements, unchanged files linked to earlier backups
//   verification.partial       while a backup is tried out

namespace storage {

/// The backups in a folder, those that can be read and those that cannot.
struct BackupList {
  struct Damaged {
    std::uint32_t number = 0;
    std::string fault;  ///< names the file
  };
  std::vector<BackupManifest> manifests;  ///< oldest first
  std::vector<Damaged> damaged;           ///< oldest first

  /// 0 when there is none.
  std::uint32_t last_number() const;
};

/// What a command says of a manifest that cannot be read, with the remedy.
std::string text_of(const BackupList::Damaged& backup);

/// Throws std::runtime_error when the folder itself cannot be read.
BackupList list_backups(const std::filesystem::path& folder);

/// The databases of all backups in a folder. Everything here throws std::runtime_error.
struct BackupDatabases {
  BackupDatabases(const std::filesystem::path& folder, DatabaseBackups::Access access);

  /// Of one backup, also what it shares with others.
  std::uint64_t bytes_of(const BackupManifest& manifest) const;
  /// Of all backups.
  std::uint64_t bytes() const;
  /// Forgets what none of these speaks of.
  void keep_only(const std::vector<BackupManifest>& manifests);

  DatabaseBackups journal;
  DatabaseBackups state;
  DatabaseBackups access_log;
};

/// A folder of backups at work: a backup has it alone, restores share it. Everything here throws
/// std::runtime_error.
class BackupFolder {
 public:
  /// The folder must exist.
  BackupFolder(const std::filesystem::path& folder, FolderLock::Use use);

  const std::filesystem::path& path() const { return folder_; }
  /// As it was when the folder was opened.
  const BackupList& list() const { return list_; }
  /// Where the small files of a backup are.
  std::filesystem::path place_of(std::uint32_t number) const;

  /// From then on there is this backup, and what its manifest says.
  void write_manifest(const BackupManifest& manifest);
  /// Removes what interrupted work has left.
  void remove_leftovers(BackupDatabases& databases);
  /// Deletes what is older than the `keep` newest backups that have not failed; `made` is the
  /// newest. Those whose manifest cannot be read stay, and with them the databases of all: they
  /// may need any.
  void purge(BackupDatabases& databases, const BackupManifest& made, std::size_t keep);

 private:
  std::filesystem::path folder_;
  FolderLock lock_;
  BackupList list_;
};

}  // namespace storage
