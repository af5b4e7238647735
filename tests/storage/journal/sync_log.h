#pragma once

#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace storage::test {

/// As long as it lives, notes what this process syncs with fsync(), which this program replaces
/// (sync_log.cc), and what there was in each synced folder.
class SyncLog {
 public:
  SyncLog();
  ~SyncLog();
  SyncLog(const SyncLog&) = delete;
  SyncLog& operator=(const SyncLog&) = delete;

  /// Whether `folder` was synced while `entry` was in it.
  bool has(const std::filesystem::path& folder, const std::filesystem::path& entry) const;

  /// What was synced, in order.
  std::vector<std::string> synced() const;

  void note(const std::string& synced);

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> synced_;
  std::set<std::pair<std::string, std::string>> entries_;  // folder, entry
};

/// Kills this process instead of its fsync() of that number, counted from 1 and from now on.
void end_at_sync(int number);

}  // namespace storage::test
