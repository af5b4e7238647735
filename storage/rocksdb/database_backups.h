#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>

namespace storage {

class Database;

/// The backups of one database in one folder, by RocksDB's BackupEngine. Files that never change
/// are kept once for all backups. So each backup is whole and costs only what is new. What this
/// class writes is synced. A backup that was interrupted is not there. Throws std::runtime_error.
class DatabaseBackups {
 public:
  enum class Access : std::uint8_t {
    read,   ///< writes nothing to the folder
    write,  ///< makes the folder when it does not exist; nobody else may write to it
  };
  /// Told now and then how many bytes have been copied; may throw to end the copying.
  using OnBytes = std::function<void(std::uint64_t done)>;

  DatabaseBackups(const std::filesystem::path& folder, Access access);
  ~DatabaseBackups();

  /// Backs up a database, which may be written to meanwhile; returns the backup's number.
  std::uint32_t add(const Database& database, const OnBytes& on_bytes);
  /// Copies a backup into an empty folder; a file whose checksum is not that of the backup is an
  /// error.
  void restore(std::uint32_t number, const std::filesystem::path& into,
               const OnBytes& on_bytes) const;
  /// Sum of the sizes of a backup's files, also of those that it shares with others.
  std::uint64_t bytes_of(std::uint32_t number) const;
  /// Of the files of all backups.
  std::uint64_t bytes() const;
  /// Deletes all other backups, also damaged and interrupted ones.
  void keep_only(const std::set<std::uint32_t>& numbers);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace storage
