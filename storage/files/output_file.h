#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace storage {

/// A file that is written from its beginning to its end. A later run can continue it where an
/// earlier run was known to have been. Errors are thrown as std::runtime_error, with the path and
/// the reason.
class OutputFile {
 public:
  explicit OutputFile(std::filesystem::path path, mode_t mode = 0644);
  /// Bytes that were neither flushed nor closed are lost.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  /// Hands everything to the operating system.
  void flush();
  /// Everything is on stable storage; nothing can be written any more.
  void close();
  /// Goes back to this size; what is behind it is forgotten. False when the file is shorter.
  bool continue_at(std::uint64_t bytes);

  std::string name() const { return path_.filename().string(); }
  std::uint64_t bytes() const { return bytes_; }
  /// The entry of a manifest: name, bytes, rows, sha256. For a file that is closed.
  std::string manifest_entry(std::uint64_t rows) const;

 private:
  [[noreturn]] void fail(std::string_view what) const;

  const std::filesystem::path path_;
  int file_ = -1;
  std::string waiting_;
  std::uint64_t bytes_ = 0;
};

}  // namespace storage
