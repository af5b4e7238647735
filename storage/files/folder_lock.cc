#include "storage/files/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace storage {

FolderLock::FolderLock(const std::filesystem::path& folder, Use use, const std::string& refusal)
    : file_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (file_ < 0) {
    throw std::runtime_error("cannot open the folder " + folder.string() + ": " +
                             std::strerror(errno));
  }
  if (::flock(file_, (use == Use::alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) return;
  const int error = errno;
  ::close(file_);
  if (error == EWOULDBLOCK) throw std::runtime_error(refusal);
  throw std::runtime_error("cannot lock the folder " + folder.string() + ": " +
                           std::strerror(error));
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace storage
