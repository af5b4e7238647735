#pragma once

#include <filesystem>
#include <string>

namespace storage {

/// Says that this process works in a folder, with others or alone. The lock ends with the process,
/// however the process ends. It writes nothing, so a read-only folder can be locked, too.
class FolderLock {
 public:
  enum class Use { shared, alone };

  /// Throws std::runtime_error with the text `refusal` when a lock of any process forbids this one.
  FolderLock(const std::filesystem::path& folder, Use use, const std::string& refusal);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  int file_;
};

}  // namespace storage
