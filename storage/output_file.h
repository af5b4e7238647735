#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace storage {

/// A text file that is written row by row, and can be continued where an earlier run was known to
/// have been. Errors are thrown as std::runtime_error.
class OutputFile {
 public:
  struct Extent {
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;
  };

  OutputFile(const std::filesystem::path& folder, std::string name);

  /// Goes back to this extent; what is behind it is forgotten. False when the file is shorter.
  bool continue_at(Extent extent);
  void write(std::string_view text, std::uint64_t rows = 0);
  /// Hands everything to the operating system.
  void flush();

  const std::string& name() const { return name_; }
  Extent extent() const { return extent_; }

 private:
  std::filesystem::path path_;
  std::string name_;
  std::ofstream file_;
  Extent extent_;
};

/// A table as NDJSON and as CSV, both from the same cells.
class Table {
 public:
  using Cell = std::variant<std::int64_t, bool, std::string>;

  Table(const std::filesystem::path& folder, const std::string& name,
        std::vector<std::string> columns);

  /// The heading of the CSV file: once, before the first row.
  void write_heading();
  /// One cell for each column.
  void row(std::initializer_list<Cell> cells);

  OutputFile& ndjson() { return ndjson_; }
  OutputFile& csv() { return csv_; }

 private:
  std::vector<std::string> columns_;
  OutputFile ndjson_;
  OutputFile csv_;
};

}  // namespace storage
