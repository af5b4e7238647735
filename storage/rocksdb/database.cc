#include "storage/rocksdb/database.h"

#include <fmt/format.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>
#include <chrono>

#include "storage/rocksdb/rocksdb_internal.h"

namespace storage {
namespace {

Fault fault_of(const DatabaseFaults& faults, const rocksdb::Status& status, FaultKind kind) {
  const std::string why = status.ToString();
  if (status.IsCorruption()) {
    std::string reason = fmt::format("{} is damaged: {}", faults.name, why);
    if (faults.damage == FaultKind::journal_damaged)
      reason += "; remedy: restore the latest backup";
    return {faults.damage, std::move(reason)};
  }
  if (status.IsNoSpace()) kind = FaultKind::unwritable;
  return {kind, fmt::format("{} cannot be {}: {}", faults.name,
                            kind == FaultKind::unwritable ? "written" : "read", why)};
}

/// Notes what fails where nobody waits for it: flushes and compactions. Keeps the database from
/// going on by itself when a full disk has room again: the log of writes may end in part of a
/// record then, and RocksDB ends the process when it writes to that log.
class BackgroundErrors final : public rocksdb::EventListener {
 public:
  explicit BackgroundErrors(const DatabaseFaults& faults) : faults_(faults) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    if (!faults_.note) return;
    const bool is_reading = reason == rocksdb::BackgroundErrorReason::kCompaction;
    faults_.note(
        fault_of(faults_, *status, is_reading ? FaultKind::unreadable : FaultKind::unwritable));
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* is_automatic) override {
    *is_automatic = false;
  }

 private:
  const DatabaseFaults faults_;
};

/// What is synced in a new folder is lost with the folder, unless its own name is synced, too.
void create_durable_folder(const std::string& folder, rocksdb::Env& env) {
  std::unique_ptr<rocksdb::Directory> parent;
  rocksdb::Status status = env.CreateDirIfMissing(folder);
  if (status.ok()) {
    status = env.NewDirectory(std::filesystem::absolute(folder).parent_path().string(), &parent);
  }
  if (status.ok()) status = parent->Fsync();
  if (status.ok()) return;
  throw std::runtime_error("cannot make the folder " + folder + ": " + status.ToString());
}

/// The files that hold rows.
std::vector<std::string> data_files_in(const std::string& folder, rocksdb::Env& env) {
  std::vector<std::string> names;
  if (!env.GetChildren(folder, &names).ok()) return {};
  std::erase_if(names, [](const std::string& name) {
    return !name.ends_with(".sst") && !name.ends_with(".log");
  });
  std::sort(names.begin(), names.end());
  return names;
}

/// A folder with data, and without the file that says which of its files count: RocksDB would begin
/// a new database there, and delete the data as left over.
void require_current(const std::string& folder, rocksdb::Env& env) {
  if (env.FileExists(folder + "/CURRENT").ok()) return;
  if (data_files_in(folder, env).empty()) return;
  throw DamagedDatabase("the database in " + folder +
                        " has lost its file CURRENT, which names the newest MANIFEST; nothing was "
                        "changed; remedy: restore the latest backup");
}

/// So long files that change meanwhile are opened again and again.
constexpr std::chrono::seconds opening_time_max{5};

}  // namespace

Database::Database(const std::string& path, const rocksdb::DBOptions& given,
                   const std::vector<DatabaseFamily>& families, OpenMode mode,
                   DatabaseFaults faults)
    : faults_(std::move(faults)) {
  rocksdb::DBOptions options = given;
  options.listeners.push_back(std::make_shared<BackgroundErrors>(faults_));
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.reserve(families.size());
  for (const DatabaseFamily& family : families)
    descriptors.emplace_back(family.name, family.options);
  if (mode == OpenMode::read_write) create_durable_folder(path, *options.env);
  require_current(path, *options.env);
  const rocksdb::Status status = mode == OpenMode::read_only
                                     ? open_read_only(path, options, descriptors)
                                     : open_read_write(path, options, descriptors);
  const std::string text = status.ToString();
  const bool is_locked = text.find("While lock file") != std::string::npos ||
                         text.find("lock hold by current process") != std::string::npos;
  if (status.IsIOError() && is_locked) {
    throw std::runtime_error(path +
                             " is in use by another process; remedy: stop it, or ask the "
                             "running server with --server");
  }
  if (!status.ok()) {
    const std::string why = "cannot open the database in " + path + ": " + status.ToString();
    if (status.IsCorruption() || status.IsPathNotFound()) throw DamagedDatabase(why);
    throw std::runtime_error(why);
  }
}

rocksdb::Status Database::open_read_write(
    const std::string& path, const rocksdb::DBOptions& options,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  rocksdb::DB* db = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(options, path, families, &handles_, &db);
  db_.reset(db);
  return status;
}

/// Another process may be replacing files meanwhile. What it moves from a log of writes to a sorted
/// file, between our look at the one and at the other, would be in neither.
rocksdb::Status Database::open_read_only(
    const std::string& path, const rocksdb::DBOptions& options,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  const auto end = std::chrono::steady_clock::now() + opening_time_max;
  for (;;) {
    const std::vector<std::string> before = data_files_in(path, *options.env);
    rocksdb::DB* db = nullptr;
    rocksdb::Status status = rocksdb::DB::OpenForReadOnly(options, path, families, &handles_, &db);
    db_.reset(db);
    const bool is_still = data_files_in(path, *options.env) == before;
    if (is_still || std::chrono::steady_clock::now() > end) return status;
    close();
  }
}

Database::~Database() { close(); }

void Database::close() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  handles_.clear();
  db_->Close();
  db_.reset();
}

ledger::Errc Database::fault(const rocksdb::Status& status, FaultKind kind) const {
  if (faults_.note) faults_.note(fault_of(faults_, status, kind));
  return errc_of(status);
}

ledger::Errc Database::unstorable(const std::string& what) const {
  if (faults_.note) {
    faults_.note(
        {FaultKind::unwritable,
         fmt::format("{} cannot be written: it could not be read again ({}); nothing of it "
                     "is stored; remedy: report this fault of the program",
                     faults_.name, what)});
  }
  return ledger::Errc::unstorable;
}

ledger::Errc Database::undecodable_row(std::size_t family) const {
  return fault(
      rocksdb::Status::Corruption("a row of `" + handles_[family]->GetName() + "` does not decode"),
      faults_.damage);
}

ledger::Result<void> Database::for_each(
    std::size_t family, std::string_view first,
    const std::function<ledger::Result<void>(std::string_view, std::string_view)>& use,
    std::string_view end) const {
  rocksdb::ReadOptions options = scan_options();
  const rocksdb::Slice bound = slice_of(end);
  if (!end.empty()) options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> row{db_->NewIterator(options, handles_[family])};
  for (row->Seek(slice_of(first)); row->Valid(); row->Next()) {
    const auto used = use(view_of(row->key()), view_of(row->value()));
    if (!used) return used.error();
  }
  if (!row->status().ok()) return fault(row->status(), FaultKind::unreadable);
  return ledger::ok();
}

ledger::Result<void> Database::check_files(const std::function<bool()>& stop) const {
  for (std::size_t family = 0; family < handles_.size(); ++family) {
    const auto read =
        for_each(family, {}, [&](std::string_view, std::string_view) -> ledger::Result<void> {
          if (stop()) return ledger::Errc::shutting_down;
          return ledger::ok();
        });
    if (!read) return read.error();
  }
  return ledger::ok();
}

void Database::copy_to(const std::filesystem::path& folder) const {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder.string());
  if (!status.ok()) {
    throw std::runtime_error("cannot copy the database to " + folder.string() + ": " +
                             status.ToString());
  }
}

}  // namespace storage
