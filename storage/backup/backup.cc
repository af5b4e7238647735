#include "storage/backup/backup.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include "storage/files/files.h"
#include "storage/files/folder_lock.h"
#include "storage/journal/rocksdb_journal.h"
#include "storage/rocksdb/database_backups.h"
#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/state_comparison.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
using ledger::Position;
using Verification = BackupManifest::Verification;

/// Deletes of one write while a journal is cut.
constexpr int deletes_per_write = 10'000;

/// Measures a stretch of work.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// Keeps two backups, or a backup and a restore, from working in one folder at the same time.
FolderLock lock_folder(const fs::path& folder, FolderLock::Use use) {
  return {
      folder, use,
      "another backup or restore is at work in " + folder.string() + "; remedy: wait for its end"};
}

fs::path folder_of(const fs::path& backups, std::uint32_t number) {
  return backups / "backups" / std::to_string(number);
}

void write_manifest(const fs::path& folder, const BackupManifest& manifest) {
  replace_file(folder_of(folder, manifest.number) / "manifest.json", manifest.to_json() + "\n",
               0644);
}

/// The databases' backups, and where they are in a folder of backups.
constexpr std::array database_names{"journal", "state", "access-log"};

struct Engines {
  Engines(const fs::path& folder, DatabaseBackups::Access access)
      : journal(folder / database_names[0], access),
        state(folder / database_names[1], access),
        access_log(folder / database_names[2], access) {}

  std::uint64_t bytes_of(const BackupManifest& manifest) const {
    return journal.bytes_of(manifest.journal_backup) + state.bytes_of(manifest.state_backup) +
           access_log.bytes_of(manifest.access_log_backup);
  }

  /// Forgets what no manifest speaks of.
  void keep_only(const std::vector<BackupManifest>& manifests) {
    std::set<std::uint32_t> journals;
    std::set<std::uint32_t> states;
    std::set<std::uint32_t> access_logs;
    for (const BackupManifest& manifest : manifests) {
      journals.insert(manifest.journal_backup);
      states.insert(manifest.state_backup);
      access_logs.insert(manifest.access_log_backup);
    }
    journal.keep_only(journals);
    state.keep_only(states);
    access_log.keep_only(access_logs);
  }

  DatabaseBackups journal;
  DatabaseBackups state;
  DatabaseBackups access_log;
};

/// Of all databases in a folder of backups.
std::uint64_t database_bytes(const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const char* const name : database_names) bytes += bytes_below(folder / name);
  return bytes;
}

// ---- restoring ----

/// Deletes every group that does not end at `last` or before; returns where the next group would
/// go.
Position cut_journal(const fs::path& folder, Position last) {
  const Database database(folder.string(), journal_db_options(),
                          journal_families(JournalOptions().write_buffer_bytes));
  const std::unique_ptr<rocksdb::Iterator> row{
      database.db().NewIterator(rocksdb::ReadOptions(), database.family(0))};
  Position next{1};
  for (row->SeekForPrev(journal_key(last)); row->Valid(); row->Prev()) {
    const auto record = decode_record(view_of(row->value()));
    if (!record) throw std::runtime_error("a record of the journal in the backup is damaged");
    next = record.value().group.next_position();
    if (next.value() - 1 <= last.value()) break;
    next = Position{1};
  }
  rocksdb::WriteBatch batch;
  rocksdb::Status status = row->status();
  const auto write = [&] {
    rocksdb::WriteOptions options;
    options.sync = true;
    if (status.ok()) status = database.db().Write(options, &batch);
    batch.Clear();
  };
  for (row->Seek(journal_key(next)); row->Valid() && status.ok(); row->Next()) {
    status = batch.Delete(database.family(0), row->key());
    if (batch.Count() >= deletes_per_write) write();
  }
  if (status.ok()) status = row->status();
  if (batch.Count() != 0) write();
  if (!status.ok()) throw std::runtime_error("cannot cut the journal: " + status.ToString());
  return next;
}

/// How far the journal has been applied to a state; 0 when it is damaged or of another version, and
/// has to be made again.
Position applied_by(const fs::path& state) {
  try {
    return StateReader(state).applied().next_position;
  } catch (const std::runtime_error&) {
    return {};
  }
}

/// Restores a backup into the folder of `ledger_options`, up to `last`, and holds the opened ledger
/// against the manifest.
Restored restore_into(const Engines& engines, const BackupManifest& manifest, Position last,
                      LedgerOptions ledger_options, const ReportProgress& report) {
  const fs::path folder = ledger_options.folder;
  Restored restored;
  restored.manifest = manifest;
  const Stopwatch copying;
  const auto copy = [&](const DatabaseBackups& backups, std::uint32_t number, const char* name) {
    const std::uint64_t bytes = backups.bytes_of(number);
    const std::string phase = std::string("restore ") + name;
    report(phase, "bytes", 0, bytes);
    backups.restore(number, folder / name, [&](std::uint64_t done) {
      report(phase, "bytes", std::min(done, bytes), bytes);
    });
    report(phase, "bytes", bytes, bytes);
    restored.bytes += bytes;
  };
  copy(engines.journal, manifest.journal_backup, "journal");
  copy(engines.state, manifest.state_backup, "state");
  copy(engines.access_log, manifest.access_log_backup, "access-log");
  restored.copy_seconds = copying.seconds();

  const Position end = cut_journal(folder / "journal", last);
  Position applied = applied_by(folder / "state");
  if (applied > end || applied.value() == 0) {
    fs::remove_all(folder / "state");
    applied = Position{1};
  }
  const Stopwatch replaying;
  report("replay", "positions", 0, end.value() - applied.value());
  ledger_options.on_replay = [&](Position at, Position until) {
    report("replay", "positions", at.value() - applied.value(), until.value() - applied.value());
  };
  std::string root;
  std::mutex noting;  // any thread of the ledger notes
  std::string damage;
  ledger_options.note_fault = [&](const Fault& fault) {
    const std::lock_guard lock(noting);
    damage = fault.reason;
  };
  {
    LedgerFiles files(ledger_options);
    // The end of the journal is replayed; what stands before it is read, too.
    if (!files.check_files([] { return false; })) {
      const std::lock_guard lock(noting);
      throw std::runtime_error(damage);
    }
    root = to_hex(files.journal().head_root());
    restored.statements = all_statements(files);
    restored.public_keys = files.public_keys();
  }
  restored.replayed = end.value() - applied.value();
  report("replay", "positions", restored.replayed, restored.replayed);
  restored.replay_seconds = replaying.seconds();

  const Stopwatch checking;
  const StateReader state(folder / "state");
  restored.position = state.applied().last();
  restored.checksum = recompute_checksum(state, report).hex();
  restored.check_seconds = checking.seconds();
  if (restored.position.value() != end.value() - 1 ||
      restored.checksum != state.applied().totals.checksum.hex()) {
    throw std::runtime_error("the rows of the restored state do not give its checksum");
  }
  if (last < manifest.position) return restored;
  if (restored.position != manifest.position || root != manifest.root ||
      restored.checksum != manifest.checksum) {
    throw std::runtime_error(
        "the restored ledger is not the one that the manifest describes: position 0-" +
        std::to_string(restored.position.value()) + ", checksum " + restored.checksum);
  }
  return restored;
}

// ---- backing up ----

/// Nothing in it, or only what a first backup that was killed at once has left.
bool is_unused(const fs::path& folder) {
  return std::all_of(
      fs::directory_iterator(folder), fs::directory_iterator(),
      [](const auto& entry) { return entry.path().filename() == "ledger.json.new"; });
}

/// Makes the folder one of backups of this ledger.
void prepare_folder(const fs::path& folder, const LedgerFiles& files) {
  const std::string fault = backup_folder_fault(folder, files);
  if (!fault.empty()) throw std::runtime_error(fault);
  if (!fs::exists(folder)) {
    fs::create_directories(folder);
    fs::permissions(folder, fs::perms::owner_all);
  }
}

/// The backups of a folder follow each other: this ledger must have what the newest is of. Another
/// copy, one that was rebuilt or restored and went its own way, would pass for its next state.
void require_same_history(const fs::path& folder, const LedgerFiles& files,
                          const std::vector<BackupManifest>& manifests) {
  if (manifests.empty()) return;
  const BackupManifest& newest = manifests.back();
  const Position next{newest.position.value() + 1};
  if (next <= files.journal().next_position()) {
    const auto root = files.journal().root_before(next);
    if (!root) throw std::runtime_error("the journal cannot be read: " + root.error().message());
    if (to_hex(root.value()) == newest.root) return;
  }
  throw std::runtime_error("the newest backup in " + folder.string() + " is of position 0-" +
                           std::to_string(newest.position.value()) +
                           " of another copy of this ledger; remedy: back up into a new folder");
}

/// Removes what interrupted work has left.
void remove_leftovers(const fs::path& folder, const std::vector<BackupManifest>& manifests) {
  fs::remove_all(folder / "verification.partial");
  std::set<std::string> whole;
  for (const BackupManifest& manifest : manifests) whole.insert(std::to_string(manifest.number));
  for (const auto& entry : fs::directory_iterator(folder / "backups")) {
    if (!whole.contains(entry.path().filename().string())) fs::remove_all(entry.path());
  }
}

/// Keys and statements; returns the bytes written.
std::uint64_t copy_small_files(const LedgerFiles& files, const fs::path& into,
                               const fs::path& earlier, bool has_private_keys) {
  std::uint64_t bytes = 0;
  fs::create_directories(into);
  if (has_private_keys) {
    bytes += copy_folder(files.keys_folder(), into / "keys");
  } else {
    fs::create_directory(into / "keys");
    const std::string key = read_file(files.keys_folder() / "signing.pub");
    write_new_file(into / "keys" / "signing.pub", key, 0644);
    bytes += key.size();
  }
  fs::permissions(into / "keys", fs::perms::owner_all);
  if (fs::exists(files.folder() / "statements")) {
    bytes += copy_folder(files.folder() / "statements", into / "statements",
                         earlier.empty() ? earlier : earlier / "statements");
  }
  sync_folder(into);
  sync_folder(into.parent_path());
  return bytes;
}

/// A restored ledger is as large as the backup, and merges files once more.
void check_room(const Engines& engines, const fs::path& folder, const BackupManifest& manifest) {
  const std::uint64_t bytes = engines.bytes_of(manifest);
  const std::uint64_t room = fs::space(folder).available;
  if (room >= bytes) return;
  throw std::system_error(ENOSPC, std::generic_category(),
                          "it takes " + std::to_string(bytes) + " bytes, and " +
                              std::to_string(room) + " are free in " + folder.string());
}

/// Restores the backup beside the others, and removes it again.
void verify(const Engines& engines, const fs::path& folder, const LedgerFiles& source,
            BackupManifest& manifest, const ReportProgress& report) {
  try {
    check_room(engines, folder, manifest);
    const FreshFolder scratch(folder / "verification");
    LedgerOptions ledger_options;
    ledger_options.folder = scratch.path();
    ledger_options.keys_folder = manifest.has_private_keys
                                     ? folder_of(folder, manifest.number) / "keys"
                                     : source.keys_folder();
    ledger_options.ceilings = source.rules().ceilings();
    const auto made = restore_into(engines, manifest, manifest.position, ledger_options, report);
    manifest.verification = Verification::passed;
    for (const StatementFault& fault :
         statement_faults(folder_of(folder, manifest.number), made.statements, made.public_keys)) {
      // Whose folder was removed has nothing to be kept.
      if (!fault.is_missing && manifest.reason.empty()) manifest.reason = text_of(fault);
    }
  } catch (const std::exception& exception) {
    report("verify", "steps", 1, 1);  // throws when the work is to end: then the backup is not bad
    manifest.verification = is_no_room(exception) ? Verification::no_room : Verification::failed;
    manifest.reason = exception.what();
  }
}

/// Deletes what is older than the `keep` newest backups that have not failed.
void purge(Engines& engines, const fs::path& folder, std::vector<BackupManifest> manifests,
           std::size_t keep) {
  std::size_t good = 0;
  std::size_t kept = 0;
  for (; kept < manifests.size() && good < keep; ++kept) {
    const BackupManifest& manifest = manifests[manifests.size() - 1 - kept];
    if (manifest.verification != Verification::failed) ++good;
  }
  const auto first_kept = manifests.end() - static_cast<std::ptrdiff_t>(kept);
  for (auto manifest = manifests.begin(); manifest != first_kept; ++manifest) {
    // The manifest first: without it there is no backup.
    fs::remove(folder_of(folder, manifest->number) / "manifest.json");
    fs::remove_all(folder_of(folder, manifest->number));
  }
  sync_folder(folder / "backups");
  manifests.erase(manifests.begin(), first_kept);
  engines.keep_only(manifests);
}

}  // namespace

std::string backup_folder_fault(const fs::path& folder, const LedgerFiles& files) try {
  const fs::path real = real_path(folder);
  if (is_within(real, real_path(files.folder()))) {
    return "the folder for backups must not lie in the data folder";
  }
  if (!fs::exists(real)) return {};
  if (!fs::is_directory(real)) return real.string() + " is not a folder";
  if (is_unused(real)) return {};
  if (!fs::exists(real / "ledger.json")) {
    return real.string() + " is not empty and holds no backups";
  }
  if (parse_backup_folder(read_file(real / "ledger.json")) != files.keys().ledger_id()) {
    return real.string() + " holds backups of another ledger";
  }
  return {};
} catch (const std::exception& exception) {
  return exception.what();
}

std::vector<BackupManifest> list_backups(const fs::path& folder) {
  std::vector<BackupManifest> manifests;
  if (!fs::exists(folder / "backups")) return manifests;
  for (const auto& entry : fs::directory_iterator(folder / "backups")) {
    const fs::path path = entry.path() / "manifest.json";
    if (!fs::exists(path)) continue;
    try {
      manifests.push_back(BackupManifest::parse(read_file(path)));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(path.string() + ": " + error.what());
    }
  }
  std::sort(manifests.begin(), manifests.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  return manifests;
}

BackupManifest back_up(const BackupSource& source, const BackupOptions& options,
                       const ReportProgress& report) {
  const Stopwatch stopwatch;
  LedgerFiles& files = source.files;
  const fs::path folder = real_path(options.to);
  prepare_folder(folder, files);
  const FolderLock lock = lock_folder(folder, FolderLock::Use::alone);
  const std::string key_id = files.keys().ledger_id();
  if (!fs::exists(folder / "ledger.json")) {
    replace_file(folder / "ledger.json", backup_folder_json(key_id) + "\n", 0644);
  }
  fs::create_directory(folder / "backups");
  std::vector<BackupManifest> manifests = list_backups(folder);
  require_same_history(folder, files, manifests);
  remove_leftovers(folder, manifests);
  Engines engines(folder, DatabaseBackups::Access::write);
  engines.keep_only(manifests);
  const std::uint64_t bytes_before = database_bytes(folder);

  BackupManifest manifest;
  manifest.number = manifests.empty() ? 1 : manifests.back().number + 1;
  manifest.time = options.now;
  manifest.key_id = key_id;
  manifest.has_private_keys = options.has_private_keys;
  const auto report_bytes = [&](const char* phase) {
    report(phase, "bytes", 0, 0);
    return [&report, phase](std::uint64_t done) { report(phase, "bytes", done, 0); };
  };
  // The state first, the position after it, the journal last: so the state is never ahead of the
  // position, and the journal never behind it. What the journal has beyond is cut at restoring.
  source.hand_over();
  manifest.state_backup = files.state().back_up(engines.state, report_bytes("back up state"));
  const AppliedState head = files.state().head();
  manifest.position = head.last();
  manifest.checksum = head.totals.checksum.hex();
  source.wait_durable(manifest.position);
  const auto root = files.journal().root_before(head.next_position);
  if (!root) throw std::runtime_error("the journal cannot be read: " + root.error().message());
  manifest.root = to_hex(root.value());
  manifest.journal_backup =
      files.journal().back_up(engines.journal, report_bytes("back up journal"));
  // The journal names blocks of the access log, so that has to be as new.
  manifest.access_log_backup =
      files.access_log().back_up(engines.access_log, report_bytes("back up access log"));

  const fs::path earlier =
      manifests.empty() ? fs::path() : folder_of(folder, manifests.back().number);
  const fs::path place = folder_of(folder, manifest.number);
  const std::uint64_t small_bytes =
      copy_small_files(files, place, earlier, options.has_private_keys);
  manifest.bytes = engines.bytes_of(manifest) + bytes_below(place);
  manifest.new_bytes = database_bytes(folder) - bytes_before + small_bytes;
  manifest.milliseconds = static_cast<std::uint64_t>(stopwatch.seconds() * 1000);
  write_manifest(folder, manifest);
  if (options.is_verified) {
    verify(engines, folder, files, manifest, report);
    write_manifest(folder, manifest);
  }
  if (manifest.verification != Verification::failed) {
    manifests.push_back(manifest);
    purge(engines, folder, std::move(manifests), options.keep);
  }
  return manifest;
}

Restored restore(const RestoreOptions& options, const ReportProgress& report) {
  if (!fs::exists(options.from / "ledger.json")) {
    throw std::runtime_error("there are no backups in " + options.from.string());
  }
  const FolderLock lock = lock_folder(options.from, FolderLock::Use::shared);
  const std::vector<BackupManifest> manifests = list_backups(options.from);
  const auto chosen =
      std::find_if(manifests.rbegin(), manifests.rend(), [&](const BackupManifest& manifest) {
        return options.number ? manifest.number == *options.number
                              : manifest.verification == Verification::passed ||
                                    manifest.verification == Verification::no_room;
      });
  if (chosen == manifests.rend()) {
    throw std::runtime_error(options.number
                                 ? "there is no backup " + std::to_string(*options.number) +
                                       " in " + options.from.string()
                                 : "there is no verified backup in " + options.from.string() +
                                       "; remedy: name one with --number");
  }
  const BackupManifest& manifest = *chosen;
  const Position last = options.position.value_or(manifest.position);
  if (last > manifest.position) {
    throw std::runtime_error("backup " + std::to_string(manifest.number) + " ends at position 0-" +
                             std::to_string(manifest.position.value()));
  }
  if (is_within(real_path(options.files.folder), real_path(options.from))) {
    throw std::runtime_error("a ledger cannot be restored into the folder of its backups");
  }
  FreshFolder fresh(options.files.folder);
  const fs::path backup = folder_of(options.from, manifest.number);
  if (options.keys.empty() && !manifest.has_private_keys) {
    throw std::runtime_error(
        "the backup is without private keys; remedy: name their folder, --keys");
  }
  copy_folder(options.keys.empty() ? backup / "keys" : options.keys, fresh.path() / "keys");
  fs::permissions(fresh.path() / "keys", fs::perms::owner_all);
  if (KeyRing::open(fresh.path() / "keys").ledger_id() != manifest.key_id) {
    throw std::runtime_error("the keys are not those of the ledger in the backup");
  }
  LedgerOptions ledger_options = options.files;
  ledger_options.folder = fresh.path();
  ledger_options.keys_folder.clear();
  Restored restored = restore_into(Engines(options.from, DatabaseBackups::Access::read), manifest,
                                   last, ledger_options, report);
  if (restored.position.value() == 0 && manifest.position.value() != 0) {
    throw std::runtime_error("no group of the journal ends at that position or before");
  }
  restored.faults =
      copy_statements(backup, fresh.path(), restored.statements, restored.public_keys);
  fresh.keep();
  return restored;
}

}  // namespace storage
