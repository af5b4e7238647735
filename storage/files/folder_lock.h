#pragma once

#include <filesystem>
#include <string>

namespace storage {

/// Says that this process works in a folder, with others or alone. Ends with the process, however
/// that ends. Nothing is written for it, so that it can be had of a folder that is read-only.
class FolderLock {
 public:
  enum class Use { shared, alone };

  /// Throws std::runtime_error: `refusal` when another lock, of whichever process, does not allow
  /// it.
  FolderLock(const std::filesystem::path& folder, Use use, const std::string& refusal);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  int file_;
};

}  // namespace storage
