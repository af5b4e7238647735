#pragma once

#include <filesystem>
#include <optional>

#include "storage/files/folder_lock.h"

namespace storage {

/// A folder that is made beside its place, and moved there when it is whole. Until keep() nothing
/// is at the target. A crash leaves only `TARGET.partial`, which the next try empties.
class FreshFolder {
 public:
  /// Throws when there is something at the target, other than an empty folder, or when another one
  /// is being made for it.
  explicit FreshFolder(const std::filesystem::path& target);
  ~FreshFolder();
  FreshFolder(const FreshFolder&) = delete;
  FreshFolder& operator=(const FreshFolder&) = delete;

  /// Where to make it.
  const std::filesystem::path& path() const { return path_; }
  void keep();

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;
  std::optional<FolderLock> lock_;
};

}  // namespace storage
