#include "storage/backup/restore.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "storage/files/files.h"
#include "storage/files/fresh_folder.h"
#include "storage/files/stopwatch.h"
#include "storage/journal/rocksdb_journal.h"
#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/state_comparison.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
using ledger::Position;
using Verification = BackupManifest::Verification;

/// Deletes of one write while a journal is cut.
constexpr int deletes_per_write = 10'000;

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

/// The backup of this number; without one, the newest that can be relied on.
const BackupManifest& choose(const BackupFolder& folder, std::optional<std::uint32_t> number) {
  const BackupList& list = folder.list();
  const auto chosen = std::find_if(
      list.manifests.rbegin(), list.manifests.rend(), [&](const BackupManifest& manifest) {
        return number ? manifest.number == *number
                      : manifest.verification == Verification::passed ||
                            manifest.verification == Verification::no_room;
      });
  if (chosen != list.manifests.rend()) return *chosen;
  for (const BackupList::Damaged& backup : list.damaged) {
    if (!number || backup.number == *number) throw std::runtime_error(text_of(backup));
  }
  throw std::runtime_error(number ? "there is no backup " + std::to_string(*number) + " in " +
                                        folder.path().string()
                                  : "there is no verified backup in " + folder.path().string() +
                                        "; remedy: name one with --number");
}

}  // namespace

Restored restore_databases(const BackupDatabases& databases, const BackupManifest& manifest,
                           Position last, LedgerOptions ledger_options,
                           const ReportProgress& report) {
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
  copy(databases.journal, manifest.journal_backup, "journal");
  copy(databases.state, manifest.state_backup, "state");
  copy(databases.access_log, manifest.access_log_backup, "access-log");
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

Restored restore(const RestoreOptions& options, const ReportProgress& report) {
  if (!fs::exists(options.from / "ledger.json")) {
    throw std::runtime_error("there are no backups in " + options.from.string());
  }
  const BackupFolder folder(options.from, FolderLock::Use::shared);
  const BackupManifest& manifest = choose(folder, options.number);
  const Position last = options.position.value_or(manifest.position);
  if (last > manifest.position) {
    throw std::runtime_error("backup " + std::to_string(manifest.number) + " ends at position 0-" +
                             std::to_string(manifest.position.value()));
  }
  if (is_within(real_path(options.files.folder), real_path(options.from))) {
    throw std::runtime_error("a ledger cannot be restored into the folder of its backups");
  }
  FreshFolder fresh(options.files.folder);
  const fs::path backup = folder.place_of(manifest.number);
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
  const BackupDatabases databases(options.from, DatabaseBackups::Access::read);
  Restored restored = restore_databases(databases, manifest, last, ledger_options, report);
  if (restored.position.value() == 0 && manifest.position.value() != 0) {
    throw std::runtime_error("no group of the journal ends at that position or before");
  }
  restored.faults =
      copy_statements(backup, fresh.path(), restored.statements, restored.public_keys);
  if (!options.number) {
    for (const BackupList::Damaged& other : folder.list().damaged) {
      if (other.number > manifest.number) restored.passed_over.push_back(other);
    }
  }
  fresh.keep();
  return restored;
}

}  // namespace storage
