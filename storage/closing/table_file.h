#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "storage/files/output_file.h"

namespace storage {

enum class TableFormat : std::uint8_t { ndjson, csv };

/// A table as a file, row by row: the cells in the order of the columns, then end_row(). In CSV
/// (RFC 4180, with a line of names) a cell without value is empty, in NDJSON it is null.
class TableFile {
 public:
  /// How far a table has come.
  struct Extent {
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;
  };

  /// The file gets the format as its suffix.
  TableFile(const std::filesystem::path& path, TableFormat format,
            std::vector<std::string_view> columns);

  TableFile& text(std::string_view value);
  TableFile& number(std::int64_t value);
  TableFile& number(std::uint64_t value);
  TableFile& truth(bool value);
  TableFile& none();
  /// A value that is JSON already; in NDJSON only.
  TableFile& json(std::string_view value);
  void end_row();

  OutputFile& file() { return file_; }
  std::uint64_t rows() const { return rows_; }
  Extent extent() const { return {file_.bytes(), rows_}; }
  /// See OutputFile::continue_at().
  bool continue_at(const Extent& extent);
  /// Closes the file.
  std::string manifest_entry();

 private:
  void begin_cell();

  TableFormat format_;
  std::vector<std::string_view> columns_;
  OutputFile file_;
  std::string row_;
  std::size_t cell_ = 0;
  std::uint64_t rows_ = 0;
};

}  // namespace storage
