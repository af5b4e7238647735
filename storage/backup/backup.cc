#include "storage/backup/backup.h"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "storage/backup/backup_folder.h"
#include "storage/backup/restore.h"
#include "storage/closing/publication.h"
#include "storage/closing/statement_files.h"
#include "storage/files/files.h"
#include "storage/files/fresh_folder.h"
#include "storage/files/stopwatch.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
using ledger::Position;
using Verification = BackupManifest::Verification;

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
void require_same_history(const BackupFolder& folder, const LedgerFiles& files) {
  if (folder.list().manifests.empty()) return;
  const BackupManifest& newest = folder.list().manifests.back();
  const Position next{newest.position.value() + 1};
  if (next <= files.journal().next_position()) {
    const auto root = files.journal().root_before(next);
    if (!root) throw std::runtime_error("the journal cannot be read: " + root.error().message());
    if (to_hex(root.value()) == newest.root) return;
  }
  throw std::runtime_error("the newest backup in " + folder.path().string() + " is of position 0-" +
                           std::to_string(newest.position.value()) +
                           " of another copy of this ledger; remedy: back up into a new folder");
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
void check_room(std::uint64_t bytes, const fs::path& folder) {
  const std::uint64_t room = fs::space(folder).available;
  if (room >= bytes) return;
  throw std::system_error(ENOSPC, std::generic_category(),
                          "it takes " + std::to_string(bytes) + " bytes, and " +
                              std::to_string(room) + " are free in " + folder.string());
}

/// Restores the backup beside the others, and removes it again.
void verify(const BackupFolder& folder, const BackupDatabases& databases, const LedgerFiles& source,
            BackupManifest& manifest, const ReportProgress& report) {
  const fs::path place = folder.place_of(manifest.number);
  try {
    check_room(databases.bytes_of(manifest), folder.path());
    const FreshFolder scratch(folder.path() / "verification");
    LedgerOptions ledger_options;
    ledger_options.folder = scratch.path();
    ledger_options.keys_folder = manifest.has_private_keys ? place / "keys" : source.keys_folder();
    ledger_options.ceilings = source.rules().ceilings();
    const Restored made =
        restore_databases(databases, manifest, manifest.position, ledger_options, report);
    manifest.verification = Verification::passed;
    for (const StatementFault& fault : statement_faults(place, made.statements, made.public_keys)) {
      // Whose folder was removed has nothing to be kept.
      if (!fault.is_missing) manifest.findings.push_back(text_of(fault));
    }
  } catch (const std::exception& exception) {
    report("verify", "steps", 1, 1);  // throws when the work is to end: then the backup is not bad
    manifest.verification = is_no_room(exception) ? Verification::no_room : Verification::failed;
    manifest.reason = exception.what();
  }
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

BackupManifest back_up(const BackupSource& source, const BackupOptions& options,
                       const ReportProgress& report) {
  const Stopwatch stopwatch;
  LedgerFiles& files = source.files;
  finish_publications(files.folder(), all_statements(files));
  const fs::path path = real_path(options.to);
  prepare_folder(path, files);
  BackupFolder folder(path, FolderLock::Use::alone);
  const std::string key_id = files.keys().ledger_id();
  if (!fs::exists(path / "ledger.json")) {
    replace_file(path / "ledger.json", backup_folder_json(key_id) + "\n", 0644);
  }
  fs::create_directory(path / "backups");
  require_same_history(folder, files);
  BackupDatabases databases(path, DatabaseBackups::Access::write);
  folder.remove_leftovers(databases);
  const std::uint64_t bytes_before = databases.bytes();

  BackupManifest manifest;
  manifest.number = folder.list().last_number() + 1;
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
  manifest.state_backup = files.state().back_up(databases.state, report_bytes("back up state"));
  const AppliedState head = files.state().head();
  manifest.position = head.last();
  manifest.checksum = head.totals.checksum.hex();
  source.wait_durable(manifest.position);
  const auto root = files.journal().root_before(head.next_position);
  if (!root) throw std::runtime_error("the journal cannot be read: " + root.error().message());
  manifest.root = to_hex(root.value());
  manifest.journal_backup =
      files.journal().back_up(databases.journal, report_bytes("back up journal"));
  // The journal names blocks of the access log, so that has to be as new.
  manifest.access_log_backup =
      files.access_log().back_up(databases.access_log, report_bytes("back up access log"));

  const std::vector<BackupManifest>& manifests = folder.list().manifests;
  const fs::path earlier =
      manifests.empty() ? fs::path() : folder.place_of(manifests.back().number);
  const fs::path place = folder.place_of(manifest.number);
  const std::uint64_t small_bytes =
      copy_small_files(files, place, earlier, options.has_private_keys);
  manifest.bytes = databases.bytes_of(manifest) + bytes_below(place);
  manifest.new_bytes = databases.bytes() - bytes_before + small_bytes;
  manifest.milliseconds = static_cast<std::uint64_t>(stopwatch.seconds() * 1000);
  for (const BackupList::Damaged& other : folder.list().damaged) {
    manifest.findings.push_back(text_of(other));
  }
  folder.write_manifest(manifest);
  if (options.is_verified) {
    verify(folder, databases, files, manifest, report);
    folder.write_manifest(manifest);
  }
  if (manifest.verification != Verification::failed) {
    folder.purge(databases, manifest, options.keep);
  }
  return manifest;
}

}  // namespace storage
