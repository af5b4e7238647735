#include "tests/storage/journal/sync_log.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <csignal>

namespace storage::test {
namespace {

std::atomic<SyncLog*> current{nullptr};
std::atomic<int> syncs_until_end{0};

}  // namespace

SyncLog::SyncLog() { current = this; }
SyncLog::~SyncLog() { current = nullptr; }

bool SyncLog::has(const std::filesystem::path& folder, const std::filesystem::path& entry) const {
  const std::lock_guard lock(mutex_);
  return entries_.contains({folder.string(), entry.string()});
}

std::vector<std::string> SyncLog::synced() const {
  const std::lock_guard lock(mutex_);
  return synced_;
}

void SyncLog::note(const std::string& synced) {
  std::error_code error;
  const std::lock_guard lock(mutex_);
  synced_.push_back(synced);
  for (const auto& entry : std::filesystem::directory_iterator(synced, error)) {
    entries_.emplace(synced, entry.path().string());
  }
}

void end_at_sync(int number) { syncs_until_end = number; }

void note_sync(int file) {
  if (syncs_until_end != 0 && --syncs_until_end == 0) ::raise(SIGKILL);
  SyncLog* const log = current;
  if (log == nullptr) return;
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
  if (size > 0) log->note({path, static_cast<std::size_t>(size)});
}

}  // namespace storage::test

/// In place of the C library's.
extern "C" int fsync(int file) {
  storage::test::note_sync(file);
  return static_cast<int>(::syscall(SYS_fsync, file));
}
