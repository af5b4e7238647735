#include "storage/rocksdb/database_backups.h"

#include <rocksdb/utilities/backup_engine.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "storage/files/files.h"
#include "storage/rocksdb/rocksdb_internal.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t bytes_per_report = 4U << 20;

/// Files that a restore copies at a time, at most.
constexpr unsigned copies_max = 4;

rocksdb::BackupEngineOptions engine_options(const fs::path& folder,
                                            DatabaseBackups::Access access) {
  rocksdb::BackupEngineOptions options(folder.string());
  // Who only restores waits for nothing else. Whoever backs up has a service beside it.
  if (access == DatabaseBackups::Access::read) {
    options.max_background_operations =
        static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, copies_max));
  }
  // The defaults that matter, said aloud.
  options.share_table_files = true;
  options.share_files_with_checksum = true;
  options.sync = true;
  options.callback_trigger_interval_size = bytes_per_report;
  return options;
}

void check(const rocksdb::Status& status, const std::string& what, const fs::path& folder) {
  if (status.ok()) return;
  throw std::runtime_error("cannot " + what + " in " + folder.string() + ": " + status.ToString());
}

}  // namespace

struct DatabaseBackups::Impl {
  fs::path folder;
  std::unique_ptr<rocksdb::BackupEngine> writable;
  std::unique_ptr<rocksdb::BackupEngineReadOnly> read_only;

  const rocksdb::BackupEngineReadOnlyBase& reader() const {
    if (writable != nullptr) return *writable;
    return *read_only;
  }
};

DatabaseBackups::DatabaseBackups(const fs::path& folder, Access access)
    : impl_(std::make_unique<Impl>()) {
  impl_->folder = folder;
  const rocksdb::BackupEngineOptions options = engine_options(folder, access);
  rocksdb::Status status;
  if (access == Access::write) {
    rocksdb::BackupEngine* engine = nullptr;
    status = rocksdb::BackupEngine::Open(options, rocksdb::Env::Default(), &engine);
    impl_->writable.reset(engine);
  } else {
    rocksdb::BackupEngineReadOnly* engine = nullptr;
    status = rocksdb::BackupEngineReadOnly::Open(options, rocksdb::Env::Default(), &engine);
    impl_->read_only.reset(engine);
  }
  check(status, "open the backups", folder);
}

DatabaseBackups::~DatabaseBackups() = default;

std::uint32_t DatabaseBackups::add(const Database& database, const OnBytes& on_bytes) {
  std::uint64_t done = 0;
  std::exception_ptr stopped;  // RocksDB must not see an exception
  rocksdb::CreateBackupOptions options;
  // A log of writes would be copied whole every time; a sorted file is copied once.
  options.flush_before_backup = true;
  options.progress_callback = [&] {
    if (stopped != nullptr) return;
    done += bytes_per_report;
    try {
      on_bytes(done);
    } catch (...) {
      stopped = std::current_exception();
      impl_->writable->StopBackup();
    }
  };
  rocksdb::BackupID number = 0;
  const rocksdb::Status status = impl_->writable->CreateNewBackup(options, &database.db(), &number);
  if (stopped != nullptr) std::rethrow_exception(stopped);
  check(status, "make a backup", impl_->folder);
  return number;
}

void DatabaseBackups::restore(std::uint32_t number, const fs::path& into,
                              const OnBytes& on_bytes) const {
  std::future<rocksdb::Status> restored = std::async(std::launch::async, [&]() -> rocksdb::Status {
    return impl_->reader().RestoreDBFromBackup(rocksdb::RestoreOptions(), number, into.string(),
                                               into.string());
  });
  while (restored.wait_for(std::chrono::milliseconds{200}) != std::future_status::ready) {
    try {
      on_bytes(bytes_below(into));
    } catch (...) {
      // Stops what is being copied, in either direction. The future waits for its end.
      if (impl_->writable != nullptr) impl_->writable->StopBackup();
      throw;
    }
  }
  rocksdb::Status status = restored.get();
  if (status.IsCorruption()) {
    // Restoring does not say which file it was.
    const rocksdb::Status named = impl_->reader().VerifyBackup(number, true);
    if (!named.ok()) status = named;
  }
  check(status, "restore backup " + std::to_string(number), impl_->folder);
}

std::uint64_t DatabaseBackups::bytes_of(std::uint32_t number) const {
  rocksdb::BackupInfo info;
  check(impl_->reader().GetBackupInfo(number, &info), "read backup " + std::to_string(number),
        impl_->folder);
  return info.size;
}

std::uint64_t DatabaseBackups::bytes() const { return bytes_below(impl_->folder); }

void DatabaseBackups::keep_only(const std::set<std::uint32_t>& numbers) {
  std::vector<rocksdb::BackupInfo> whole;
  std::vector<rocksdb::BackupID> found;
  impl_->writable->GetCorruptedBackups(&found);
  impl_->writable->GetBackupInfo(&whole);
  for (const rocksdb::BackupInfo& backup : whole) found.push_back(backup.backup_id);
  for (const rocksdb::BackupID number : found) {
    if (numbers.contains(number)) continue;
    check(impl_->writable->DeleteBackup(number), "delete backup " + std::to_string(number),
          impl_->folder);
  }
  check(impl_->writable->GarbageCollect(), "clean up", impl_->folder);
}

}  // namespace storage
