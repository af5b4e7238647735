#include "storage/output_file.h"

#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "ledger/assert.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

void append_csv_text(std::string& out, std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

OutputFile::OutputFile(const fs::path& folder, std::string name)
    : path_(folder / name), name_(std::move(name)) {}

bool OutputFile::continue_at(Extent extent) {
  if (file_.is_open()) file_.close();
  if (!fs::exists(path_)) {
    if (extent.bytes != 0) return false;
    std::ofstream{path_};
  }
  if (fs::file_size(path_) < extent.bytes) return false;
  fs::resize_file(path_, extent.bytes);
  extent_ = extent;
  return true;
}

void OutputFile::write(std::string_view text, std::uint64_t rows) {
  if (!file_.is_open()) file_.open(path_, std::ios::binary | std::ios::app);
  file_ << text;
  extent_.bytes += text.size();
  extent_.rows += rows;
  if (!file_) {
    throw std::runtime_error("cannot write " + path_.string() +
                             "; remedy: make room on that disk, and start again");
  }
}

void OutputFile::flush() {
  if (file_.is_open()) file_.flush();
  if (!file_) throw std::runtime_error("cannot write " + path_.string());
}

Table::Table(const fs::path& folder, const std::string& name, std::vector<std::string> columns)
    : columns_(std::move(columns)),
      ndjson_(folder, name + ".ndjson"),
      csv_(folder, name + ".csv") {}

void Table::write_heading() {
  std::string line;
  for (const std::string& column : columns_) {
    if (!line.empty()) line += ',';
    line += column;
  }
  csv_.write(line + "\n");
  ndjson_.write("");  // a table without rows is an empty file, not a missing one
}

void Table::row(std::initializer_list<Cell> cells) {
  LEDGER_ASSERT(cells.size() == columns_.size());
  std::string json = "{";
  std::string csv;
  std::size_t column = 0;
  for (const Cell& cell : cells) {
    if (column != 0) {
      json += ',';
      csv += ',';
    }
    json += boost::json::serialize(columns_[column++]);
    json += ':';
    if (const auto* const text = std::get_if<std::string>(&cell)) {
      json += boost::json::serialize(*text);
      append_csv_text(csv, *text);
      continue;
    }
    const auto* const truth = std::get_if<bool>(&cell);
    const std::string value = truth != nullptr ? (*truth ? "true" : "false")
                                               : std::to_string(std::get<std::int64_t>(cell));
    json += value;
    csv += value;
  }
  ndjson_.write(json + "}\n", 1);
  csv_.write(csv + "\n", 1);
}

}  // namespace storage
