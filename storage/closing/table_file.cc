#include "storage/closing/table_file.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <utility>

#include "ledger/values/assert.h"

namespace storage {
namespace {

std::filesystem::path with_suffix(std::filesystem::path path, TableFormat format) {
  path += format == TableFormat::csv ? ".csv" : ".ndjson";
  return path;
}

}  // namespace

TableFile::TableFile(const std::filesystem::path& path, TableFormat format,
                     std::vector<std::string_view> columns)
    : format_(format), columns_(std::move(columns)), file_(with_suffix(path, format)) {
  if (format_ != TableFormat::csv) return;
  for (const std::string_view column : columns_) text(column);
  end_row();
  rows_ = 0;
}

void TableFile::begin_cell() {
  LEDGER_ASSERT(cell_ < columns_.size());
  if (cell_ != 0) row_ += ',';
  if (format_ == TableFormat::ndjson) {
    row_ += cell_ == 0 ? "{\"" : "\"";
    row_ += columns_[cell_];
    row_ += "\":";
  }
  ++cell_;
}

TableFile& TableFile::text(std::string_view value) {
  begin_cell();
  if (format_ == TableFormat::ndjson) {
    row_ += boost::json::serialize(boost::json::string_view(value.data(), value.size()));
  } else if (value.find_first_of(",\"\r\n") == std::string_view::npos) {
    row_ += value;
  } else {
    row_ += '"';
    for (const char c : value) row_.append(c == '"' ? 2 : 1, c);
    row_ += '"';
  }
  return *this;
}

TableFile& TableFile::number(std::int64_t value) {
  begin_cell();
  row_ += std::to_string(value);
  return *this;
}

TableFile& TableFile::number(std::uint64_t value) {
  begin_cell();
  row_ += std::to_string(value);
  return *this;
}

TableFile& TableFile::truth(bool value) {
  begin_cell();
  row_ += value ? "true" : "false";
  return *this;
}

TableFile& TableFile::none() {
  begin_cell();
  if (format_ == TableFormat::ndjson) row_ += "null";
  return *this;
}

TableFile& TableFile::json(std::string_view value) {
  LEDGER_ASSERT(format_ == TableFormat::ndjson);
  begin_cell();
  row_ += value;
  return *this;
}

void TableFile::end_row() {
  LEDGER_ASSERT(cell_ == columns_.size());
  row_ += format_ == TableFormat::ndjson ? "}\n" : "\r\n";
  file_.write(row_);
  row_.clear();
  cell_ = 0;
  ++rows_;
}

bool TableFile::continue_at(const Extent& extent) {
  rows_ = extent.rows;
  return file_.continue_at(extent.bytes);
}

std::string TableFile::manifest_entry() {
  file_.close();
  return file_.manifest_entry(rows_);
}

}  // namespace storage
