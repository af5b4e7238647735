#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "storage/crypto.h"

namespace api {

/// A file that is written from beginning to end through a buffer, and hashed on the way.
class HashedFile {
 public:
  /// Throws std::runtime_error, as the others do, when the file cannot be made or written.
  explicit HashedFile(std::filesystem::path path);
  ~HashedFile();
  HashedFile(const HashedFile&) = delete;
  HashedFile& operator=(const HashedFile&) = delete;

  void write(std::string_view bytes);
  /// Everything is on stable storage; nothing can be written any more.
  void close();

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t bytes() const { return bytes_; }
  /// Of the whole, after close().
  const storage::Digest& sha256() const { return sha256_; }

 private:
  void flush();

  std::filesystem::path path_;
  int file_ = -1;
  std::string buffer_;
  storage::Sha256 hash_;
  std::uint64_t bytes_ = 0;
  storage::Digest sha256_{};
};

enum class TableFormat : std::uint8_t { ndjson, csv };

/// A table as a file, row by row: the cells in the order of the columns, then end_row(). In CSV
/// (RFC 4180, with a line of names) a cell without value is empty, in NDJSON it is null.
class TableFile {
 public:
  /// The file gets the format as its suffix.
  TableFile(const std::filesystem::path& path, TableFormat format,
            std::vector<std::string_view> columns);

  TableFile& text(std::string_view value);
  TableFile& number(std::int64_t value);
  TableFile& number(std::uint64_t value);
  TableFile& truth(bool value);
  TableFile& none();
  void end_row();
  void close() { file_.close(); }

  const HashedFile& file() const { return file_; }
  std::uint64_t rows() const { return rows_; }

 private:
  void begin_cell();

  TableFormat format_;
  std::vector<std::string_view> columns_;
  HashedFile file_;
  std::string row_;
  std::size_t cell_ = 0;
  std::uint64_t rows_ = 0;
};

}  // namespace api
