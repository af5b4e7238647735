#include "storage/files/fresh_folder.h"

#include <stdexcept>
#include <system_error>

#include "storage/files/files.h"

namespace storage {

namespace fs = std::filesystem;

FreshFolder::FreshFolder(const fs::path& target)
    : target_(real_path(target)), path_(target_.string() + ".partial") {
  if (fs::exists(target_) && !(fs::is_directory(target_) && fs::is_empty(target_))) {
    throw std::runtime_error(target_.string() +
                             " is not empty; remedy: name a folder that does not exist yet");
  }
  fs::create_directories(path_);
  lock_.emplace(path_, FolderLock::Use::alone,
                "another command is making " + target_.string() + "; remedy: wait for its end");
  for (const auto& left : fs::directory_iterator(path_)) fs::remove_all(left.path());
}

FreshFolder::~FreshFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

void FreshFolder::keep() {
  publish_folder(path_, target_);
  path_.clear();
  lock_.reset();
}

}  // namespace storage
