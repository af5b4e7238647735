#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/prng.h"

namespace crash {

/// What a disk holds after a power cut of that which was written and not synced. A file without its
/// entry in a folder is gone, whatever it held.
struct Disk {
  enum class Data {
    lost,    ///< nothing
    prefix,  ///< of each file the beginning of it
    torn,    ///< all, but somewhere in the last write of a log garbage or zeros begin
    kept,    ///< all
  };
  enum class Entries {
    lost,    ///< no file created, renamed, linked or removed, until its folder was synced
    prefix,  ///< of each folder the first ones
    kept,    ///< all: a file system that orders them before data
  };
  Data data = Data::lost;
  Entries entries = Entries::lost;

  static Disk draw(ledger::test::Prng& prng);
  std::string text() const;
};

/// A file system for RocksDB that knows what would survive a power cut, and makes one.
///
/// Everything goes to the folder on the real disk, and beside it a model is kept of what is there
/// and what of it is durable: the data of a file by its Sync or Fsync (RangeSync promises nothing),
/// names by the Fsync of their folder. Nothing is really synced, so it is quick. Locks and the
/// log for people are passed by.
///
/// Each append, truncation, sync, and each creating, renaming, linking and removing of a file is an
/// operation, counted from 1. At operation `cut_at` the power goes: it and all after it fail. It
/// may have come as far as the disk, unsynced; Disk says which.
///
/// Concurrency: any thread. lose_power() when nothing is open any more.
class PowerCutFs final : public rocksdb::FileSystemWrapper {
 public:
  static constexpr std::uint64_t never = UINT64_MAX;

  /// What is below `root` now is durable.
  PowerCutFs(std::filesystem::path root, std::uint64_t cut_at);

  std::uint64_t operations() const;
  bool is_cut() const;
  /// What the power went at: "sync journal/000012.log". Empty when it did not.
  std::string cut_operation() const;

  /// Makes of the folder what the disk holds after a cut at this moment.
  void lose_power(const Disk& disk, ledger::test::Prng& prng) const;

  const char* Name() const override { return "PowerCutFs"; }

  using Options = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;
  using IOStatus = rocksdb::IOStatus;
  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, Debug* dbg) override;
  IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                              Debug* dbg) override;
  IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                             const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* result, Debug* dbg) override;
  IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* result, Debug* dbg) override;
  IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             Debug* dbg) override;
  IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               Debug* dbg) override;
  IOStatus NewDirectory(const std::string& path, const Options& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result, Debug* dbg) override;
  IOStatus DeleteFile(const std::string& path, const Options& options, Debug* dbg) override;
  IOStatus CreateDir(const std::string& path, const Options& options, Debug* dbg) override;
  IOStatus CreateDirIfMissing(const std::string& path, const Options& options, Debug* dbg) override;
  IOStatus DeleteDir(const std::string& path, const Options& options, Debug* dbg) override;
  IOStatus RenameFile(const std::string& from, const std::string& to, const Options& options,
                      Debug* dbg) override;
  IOStatus LinkFile(const std::string& from, const std::string& to, const Options& options,
                    Debug* dbg) override;
  IOStatus NewLogger(const std::string& path, const Options& options,
                     std::shared_ptr<rocksdb::Logger>* result, Debug* dbg) override;

 private:
  class File;
  class Folder;

  /// A file, whatever its names; a folder when `content` is never written.
  struct Node {
    bool is_folder = false;
    std::string content;
    std::size_t synced = 0;           // so many bytes of it are durable
    std::size_t last_write_from = 0;  // where the last write began
  };
  using NodePtr = std::shared_ptr<Node>;
  /// A name that now stands for another file, or for none.
  struct Change {
    std::string path;
    NodePtr node;
  };
  enum class Power { on, going, off };

  std::string normal(const std::string& path) const;
  /// Counts an operation. While the power goes, its effect is noted in the model alone.
  Power begin(const char* operation, const std::string& path);
  void change(std::vector<Change> changes);
  void note_folder(const std::string& path);
  void sync_folder(const std::string& path);
  NodePtr node_at(const std::string& path) const;
  NodePtr node_for_writing(const std::string& path, bool is_new);
  std::map<std::string, NodePtr> surviving_names(Disk::Entries entries,
                                                 ledger::test::Prng& prng) const;

  const std::filesystem::path root_;
  const std::uint64_t cut_at_;
  mutable std::mutex mutex_;
  std::uint64_t operations_ = 0;
  bool is_cut_ = false;
  std::string cut_operation_;
  std::map<std::string, NodePtr> names_;    // now
  std::map<std::string, NodePtr> durable_;  // by the last sync of their folders
  std::map<std::string, std::vector<std::vector<Change>>> unsynced_;  // by folder, oldest first
};

}  // namespace crash
