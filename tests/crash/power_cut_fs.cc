#include "tests/crash/power_cut_fs.h"

#include <rocksdb/env.h>

#include <algorithm>
#include <fstream>

#include "ledger/values/assert.h"
#include "storage/files/files.h"

// NOLINTBEGIN(clang-analyzer-cplusplus.NewDeleteLeaks): clang 14 takes the text that a returned
// IOStatus owns for lost.

namespace crash {
namespace {

namespace fs = std::filesystem;
using ledger::test::Prng;
using rocksdb::IOStatus;

IOStatus no_power() { return IOStatus::IOError("the power is off"); }

std::string folder_of(const std::string& path) { return fs::path(path).parent_path().string(); }

/// Keeps nothing: what the log for people says is not looked at.
class NoLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
  size_t GetLogFileSize() const override { return 0; }
};

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  LEDGER_ASSERT(file.flush().good());
}

}  // namespace

Disk Disk::draw(Prng& prng) {
  return {static_cast<Data>(prng.below(4)), static_cast<Entries>(prng.below(3))};
}

std::string Disk::text() const {
  static constexpr const char* data_names[] = {"lost", "prefix", "torn", "kept"};
  static constexpr const char* entries_names[] = {"lost", "prefix", "kept"};
  return std::string("data=") + data_names[static_cast<int>(data)] +
         " entries=" + entries_names[static_cast<int>(entries)];
}

/// A file that is written. All its names share one node, as they share one inode.
class PowerCutFs::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(PowerCutFs& owner, std::string path, NodePtr node,
       std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)),
        owner_(owner),
        path_(std::move(path)),
        node_(std::move(node)) {}

  IOStatus Append(const rocksdb::Slice& data, const Options& options, Debug* dbg) override {
    const std::lock_guard lock(owner_.mutex_);
    const Power power = owner_.begin("append to", path_);
    if (power == Power::off) return no_power();
    if (power == Power::on) {
      const IOStatus status = FSWritableFileWrapper::Append(data, options, dbg);
      if (!status.ok()) return status;
    }
    node_->last_write_from = node_->content.size();
    node_->content.append(data.data(), data.size());
    return power == Power::on ? IOStatus::OK() : no_power();
  }
  IOStatus Append(const rocksdb::Slice& data, const Options& options,
                  const rocksdb::DataVerificationInfo&, Debug* dbg) override {
    return Append(data, options, dbg);
  }
  IOStatus PositionedAppend(const rocksdb::Slice&, uint64_t, const Options&, Debug*) override {
    return IOStatus::NotSupported("positioned append");
  }
  IOStatus PositionedAppend(const rocksdb::Slice&, uint64_t, const Options&,
                            const rocksdb::DataVerificationInfo&, Debug*) override {
    return IOStatus::NotSupported("positioned append");
  }
  IOStatus Truncate(uint64_t size, const Options& options, Debug* dbg) override {
    const std::lock_guard lock(owner_.mutex_);
    if (owner_.begin("truncate", path_) != Power::on) return no_power();
    node_->content.resize(size);
    node_->synced = std::min(node_->synced, node_->content.size());
    return FSWritableFileWrapper::Truncate(size, options, dbg);
  }
  IOStatus Sync(const Options&, Debug*) override {
    const std::lock_guard lock(owner_.mutex_);
    if (owner_.begin("sync", path_) != Power::on) return no_power();
    node_->synced = node_->content.size();
    return IOStatus::OK();
  }
  IOStatus Fsync(const Options& options, Debug* dbg) override { return Sync(options, dbg); }
  IOStatus RangeSync(uint64_t, uint64_t, const Options&, Debug*) override { return IOStatus::OK(); }

 private:
  PowerCutFs& owner_;
  const std::string path_;
  const NodePtr node_;
};

class PowerCutFs::Folder final : public rocksdb::FSDirectoryWrapper {
 public:
  Folder(PowerCutFs& owner, std::string path, std::unique_ptr<rocksdb::FSDirectory> folder)
      : FSDirectoryWrapper(std::move(folder)), owner_(owner), path_(std::move(path)) {}

  IOStatus Fsync(const Options&, Debug*) override {
    const std::lock_guard lock(owner_.mutex_);
    if (owner_.begin("sync folder", path_) != Power::on) return no_power();
    owner_.sync_folder(path_);
    return IOStatus::OK();
  }
  IOStatus FsyncWithDirOptions(const Options& options, Debug* dbg,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, dbg);
  }

 private:
  PowerCutFs& owner_;
  const std::string path_;
};

PowerCutFs::PowerCutFs(fs::path root, std::uint64_t cut_at)
    : FileSystemWrapper(rocksdb::FileSystem::Default()), root_(std::move(root)), cut_at_(cut_at) {
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    auto node = std::make_shared<Node>();
    node->is_folder = entry.is_directory();
    if (!node->is_folder) node->content = storage::read_file(entry.path());
    node->synced = node->content.size();
    names_[entry.path().string()] = std::move(node);
  }
  durable_ = names_;
}

std::uint64_t PowerCutFs::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

bool PowerCutFs::is_cut() const {
  const std::lock_guard lock(mutex_);
  return is_cut_;
}

std::string PowerCutFs::cut_operation() const {
  const std::lock_guard lock(mutex_);
  return cut_operation_;
}

std::string PowerCutFs::normal(const std::string& path) const {
  const fs::path normal = fs::path(path).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).string();
}

PowerCutFs::Power PowerCutFs::begin(const char* operation, const std::string& path) {
  if (is_cut_) return Power::off;
  if (++operations_ != cut_at_) return Power::on;
  is_cut_ = true;
  cut_operation_ = operation + (' ' + fs::path(path).lexically_relative(root_).string());
  return Power::going;
}

PowerCutFs::NodePtr PowerCutFs::node_at(const std::string& path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : found->second;
}

/// Some at once, as a rename has it.
void PowerCutFs::change(std::vector<Change> changes) {
  std::map<std::string, std::vector<Change>> by_folder;
  for (Change& made : changes) {
    if (made.node == nullptr) {
      names_.erase(made.path);
    } else {
      names_[made.path] = made.node;
    }
    by_folder[folder_of(made.path)].push_back(std::move(made));
  }
  for (auto& [folder, made] : by_folder) {
    note_folder(folder);
    unsynced_[folder].push_back(std::move(made));
  }
}

/// Folders are also made without this file system: then they are seen with the first thing in them.
void PowerCutFs::note_folder(const std::string& path) {
  if (path == root_.string() || node_at(path) != nullptr) return;
  LEDGER_ASSERT(path.starts_with(root_.string()));
  auto node = std::make_shared<Node>();
  node->is_folder = true;
  change({{path, std::move(node)}});
}

void PowerCutFs::sync_folder(const std::string& path) {
  note_folder(path);
  for (const auto& changes : unsynced_[path]) {
    for (const Change& made : changes) {
      if (made.node == nullptr) {
        durable_.erase(made.path);
      } else {
        durable_[made.path] = made.node;
      }
    }
  }
  unsynced_[path].clear();
}

std::map<std::string, PowerCutFs::NodePtr> PowerCutFs::surviving_names(Disk::Entries entries,
                                                                       Prng& prng) const {
  if (entries == Disk::Entries::kept) return names_;
  std::map<std::string, NodePtr> names = durable_;
  if (entries == Disk::Entries::lost) return names;
  for (const auto& [folder, changes] : unsynced_) {
    const std::uint64_t kept = prng.below(changes.size() + 1);
    for (std::uint64_t i = 0; i < kept; ++i) {
      for (const Change& made : changes[i]) {
        if (made.node == nullptr) {
          names.erase(made.path);
        } else {
          names[made.path] = made.node;
        }
      }
    }
  }
  return names;
}

void PowerCutFs::lose_power(const Disk& disk, Prng& prng) const {
  const std::lock_guard lock(mutex_);
  const auto content_of = [&](const Node& node, const std::string& path) {
    std::string content = node.content;
    const std::size_t tail = content.size() - node.synced;
    // RocksDB's other files have no such end: the list of files is not opened with one.
    const bool is_torn = disk.data == Disk::Data::torn && fs::path(path).extension() == ".log";
    const bool is_short = disk.data == Disk::Data::torn && !is_torn;
    switch (is_short ? Disk::Data::prefix : disk.data) {
      case Disk::Data::lost:
        content.resize(node.synced);
        break;
      case Disk::Data::prefix:
        content.resize(node.synced + prng.below(tail + 1));
        break;
      case Disk::Data::torn: {
        const bool is_zeros = prng.chance(1, 2);
        const std::size_t from = std::max(node.synced, node.last_write_from);
        if (tail == 0 || from >= content.size()) break;
        for (std::size_t i = from + prng.below(content.size() - from); i < content.size(); ++i) {
          content[i] = is_zeros ? '\0' : static_cast<char>(prng.next());
        }
        break;
      }
      case Disk::Data::kept:
        break;
    }
    return content;
  };
  const auto names = surviving_names(disk.entries, prng);
  fs::remove_all(root_);
  fs::create_directories(root_);
  // A folder comes before what is in it. A file with several names becomes several equal files.
  std::map<const Node*, std::string> contents;
  for (const auto& [path, node] : names) {
    if (!fs::is_directory(folder_of(path))) continue;
    if (node->is_folder) {
      fs::create_directory(path);
      continue;
    }
    const auto [content, is_new] = contents.try_emplace(node.get());
    if (is_new) content->second = content_of(*node, path);
    write_file(path, content->second);
  }
}

IOStatus PowerCutFs::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                     std::unique_ptr<rocksdb::FSWritableFile>* result, Debug* dbg) {
  const std::lock_guard lock(mutex_);
  const std::string name = normal(path);
  const Power power = begin("create", name);
  if (power == Power::off) return no_power();
  std::unique_ptr<rocksdb::FSWritableFile> file;
  if (power == Power::on) {
    const IOStatus status = target()->NewWritableFile(path, options, &file, dbg);
    if (!status.ok()) return status;
  }
  NodePtr node = node_at(name);
  if (node == nullptr) {
    node = std::make_shared<Node>();
    change({{name, node}});
  } else {
    *node = {};  // as O_TRUNC does
  }
  if (power != Power::on) return no_power();
  *result = std::make_unique<File>(*this, name, node, std::move(file));
  return IOStatus::OK();
}

IOStatus PowerCutFs::ReopenWritableFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSWritableFile>* result,
                                        Debug* dbg) {
  const std::lock_guard lock(mutex_);
  if (is_cut_) return no_power();
  const std::string name = normal(path);
  const NodePtr node = node_at(name);
  if (node == nullptr) return IOStatus::NotSupported("reopening a file that is not there");
  std::unique_ptr<rocksdb::FSWritableFile> file;
  const IOStatus status = target()->ReopenWritableFile(path, options, &file, dbg);
  if (status.ok()) *result = std::make_unique<File>(*this, name, node, std::move(file));
  return status;
}

IOStatus PowerCutFs::ReuseWritableFile(const std::string&, const std::string&,
                                       const rocksdb::FileOptions&,
                                       std::unique_ptr<rocksdb::FSWritableFile>*, Debug*) {
  return IOStatus::NotSupported("reusing a file");
}

IOStatus PowerCutFs::NewRandomRWFile(const std::string&, const rocksdb::FileOptions&,
                                     std::unique_ptr<rocksdb::FSRandomRWFile>*, Debug*) {
  return IOStatus::NotSupported("writing within a file");
}

IOStatus PowerCutFs::NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                       Debug* dbg) {
  if (is_cut()) return no_power();
  return target()->NewSequentialFile(path, options, result, dbg);
}

IOStatus PowerCutFs::NewRandomAccessFile(const std::string& path,
                                         const rocksdb::FileOptions& options,
                                         std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                         Debug* dbg) {
  if (is_cut()) return no_power();
  return target()->NewRandomAccessFile(path, options, result, dbg);
}

IOStatus PowerCutFs::NewDirectory(const std::string& path, const Options& options,
                                  std::unique_ptr<rocksdb::FSDirectory>* result, Debug* dbg) {
  if (is_cut()) return no_power();
  std::unique_ptr<rocksdb::FSDirectory> folder;
  const IOStatus status = target()->NewDirectory(path, options, &folder, dbg);
  if (status.ok()) *result = std::make_unique<Folder>(*this, normal(path), std::move(folder));
  return status;
}

IOStatus PowerCutFs::DeleteFile(const std::string& path, const Options& options, Debug* dbg) {
  const std::lock_guard lock(mutex_);
  const std::string name = normal(path);
  if (node_at(name) == nullptr) return target()->DeleteFile(path, options, dbg);
  const Power power = begin("remove", name);
  if (power == Power::off) return no_power();
  change({{name, nullptr}});
  return power == Power::on ? target()->DeleteFile(path, options, dbg) : no_power();
}

IOStatus PowerCutFs::CreateDir(const std::string& path, const Options& options, Debug* dbg) {
  const std::lock_guard lock(mutex_);
  const Power power = begin("create folder", normal(path));
  if (power == Power::off) return no_power();
  note_folder(normal(path));
  return power == Power::on ? target()->CreateDir(path, options, dbg) : no_power();
}

IOStatus PowerCutFs::CreateDirIfMissing(const std::string& path, const Options& options,
                                        Debug* dbg) {
  {
    const std::lock_guard lock(mutex_);
    if (is_cut_) return no_power();
    if (normal(path) == root_.string() || node_at(normal(path)) != nullptr) return IOStatus::OK();
  }
  const IOStatus status = CreateDir(path, options, dbg);
  // Also when it was made without this file system.
  return fs::is_directory(path) && !is_cut() ? IOStatus::OK() : status;
}

IOStatus PowerCutFs::DeleteDir(const std::string& path, const Options& options, Debug* dbg) {
  const std::lock_guard lock(mutex_);
  const Power power = begin("remove folder", normal(path));
  if (power == Power::off) return no_power();
  change({{normal(path), nullptr}});
  return power == Power::on ? target()->DeleteDir(path, options, dbg) : no_power();
}

IOStatus PowerCutFs::RenameFile(const std::string& from, const std::string& to,
                                const Options& options, Debug* dbg) {
  const std::lock_guard lock(mutex_);
  const NodePtr node = node_at(normal(from));
  const Power power = begin("rename", normal(to));
  if (power == Power::off) return no_power();
  if (node != nullptr) change({{normal(from), nullptr}, {normal(to), node}});
  return power == Power::on ? target()->RenameFile(from, to, options, dbg) : no_power();
}

IOStatus PowerCutFs::LinkFile(const std::string& from, const std::string& to,
                              const Options& options, Debug* dbg) {
  const std::lock_guard lock(mutex_);
  const NodePtr node = node_at(normal(from));
  const Power power = begin("link", normal(to));
  if (power == Power::off) return no_power();
  if (node != nullptr) change({{normal(to), node}});
  return power == Power::on ? target()->LinkFile(from, to, options, dbg) : no_power();
}

IOStatus PowerCutFs::NewLogger(const std::string&, const Options&,
                               std::shared_ptr<rocksdb::Logger>* result, Debug*) {
  *result = std::make_shared<NoLogger>();
  return IOStatus::OK();
}

}  // namespace crash

// NOLINTEND(clang-analyzer-cplusplus.NewDeleteLeaks)
