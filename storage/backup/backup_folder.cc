#include "storage/backup/backup_folder.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "storage/files/files.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
/// Whose folder below backups/ this is; nothing when it is of no backup.
std::optional<std::uint32_t> number_of(const fs::path& folder) {
  const std::string name = folder.filename().string();
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || name != std::to_string(number)) return std::nullopt;
  return number;
}

BackupManifest read_manifest(const fs::path& path, std::uint32_t number) {
  BackupManifest manifest = BackupManifest::parse(read_file(path));
  if (manifest.number == number) return manifest;
  throw std::runtime_error("this is the manifest of backup " + std::to_string(manifest.number));
}

}  // namespace

std::uint32_t BackupList::last_number() const {
  return std::max(manifests.empty() ? 0 : manifests.back().number,
                  damaged.empty() ? 0 : damaged.back().number);
}

std::string text_of(const BackupList::Damaged& backup) {
  return "backup " + std::to_string(backup.number) + " cannot be used: " + backup.fault +
         "; remedy: get the file from another copy of the folder, or remove the folder of the "
         "backup";
}

BackupList list_backups(const fs::path& folder) {
  BackupList list;
  if (!fs::exists(folder / "backups")) return list;
  for (const auto& entry : fs::directory_iterator(folder / "backups")) {
    const auto number = number_of(entry.path());
    const fs::path path = entry.path() / "manifest.json";
    if (!number || !fs::exists(path)) continue;
    try {
      list.manifests.push_back(read_manifest(path, *number));
    } catch (const std::runtime_error& error) {
      list.damaged.push_back({*number, path.string() + ": " + error.what()});
    }
  }
  const auto is_older = [](const auto& a, const auto& b) { return a.number < b.number; };
  std::sort(list.manifests.begin(), list.manifests.end(), is_older);
  std::sort(list.damaged.begin(), list.damaged.end(), is_older);
  return list;
}

BackupDatabases::BackupDatabases(const fs::path& folder, DatabaseBackups::Access access)
    : journal(folder / "journal", access),
      state(folder / "state", access),
      access_log(folder / "access-log", access) {}

std::uint64_t BackupDatabases::bytes_of(const BackupManifest& manifest) const {
  return journal.bytes_of(manifest.journal_backup) + state.bytes_of(manifest.state_backup) +
         access_log.bytes_of(manifest.access_log_backup);
}

std::uint64_t BackupDatabases::bytes() const {
  return journal.bytes() + state.bytes() + access_log.bytes();
}

void BackupDatabases::keep_only(const std::vector<BackupManifest>& manifests) {
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

BackupFolder::BackupFolder(const fs::path& folder, FolderLock::Use use)
    : folder_(folder),
      lock_(folder, use,
            "another backup or restore is at work in " + folder.string() +
                "; remedy: wait for its end"),
      list_(list_backups(folder)) {}

fs::path BackupFolder::place_of(std::uint32_t number) const {
  return folder_ / "backups" / std::to_string(number);
}

void BackupFolder::write_manifest(const BackupManifest& manifest) {
  replace_file(place_of(manifest.number) / "manifest.json", manifest.to_json() + "\n", 0644);
}

void BackupFolder::remove_leftovers(BackupDatabases& databases) {
  fs::remove_all(folder_ / "verification.partial");
  for (const auto& entry : fs::directory_iterator(folder_ / "backups")) {
    if (number_of(entry.path()) && !fs::exists(entry.path() / "manifest.json")) {
      fs::remove_all(entry.path());
    }
  }
  if (list_.damaged.empty()) databases.keep_only(list_.manifests);
}

void BackupFolder::purge(BackupDatabases& databases, const BackupManifest& made, std::size_t keep) {
  std::vector<BackupManifest> manifests = list_.manifests;
  manifests.push_back(made);
  std::size_t good = 0;
  std::size_t kept = 0;
  for (; kept < manifests.size() && good < keep; ++kept) {
    const BackupManifest& manifest = manifests[manifests.size() - 1 - kept];
    if (manifest.verification != BackupManifest::Verification::failed) ++good;
  }
  const auto first_kept = manifests.end() - static_cast<std::ptrdiff_t>(kept);
  for (auto manifest = manifests.begin(); manifest != first_kept; ++manifest) {
    // The manifest first: without it there is no backup.
    fs::remove(place_of(manifest->number) / "manifest.json");
    fs::remove_all(place_of(manifest->number));
  }
  sync_folder(folder_ / "backups");
  manifests.erase(manifests.begin(), first_kept);
  if (list_.damaged.empty()) databases.keep_only(manifests);
}

}  // namespace storage
