#include "api/table_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "ingest/result_text.h"
#include "ledger/assert.h"

namespace api {
namespace {

constexpr std::size_t buffer_max = std::size_t{1} << 20;

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw std::runtime_error("cannot write " + path.string() + ": " + std::strerror(errno));
}

std::filesystem::path with_suffix(std::filesystem::path path, TableFormat format) {
  path += format == TableFormat::csv ? ".csv" : ".ndjson";
  return path;
}

}  // namespace

HashedFile::HashedFile(std::filesystem::path path) : path_(std::move(path)) {
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file_ < 0) fail(path_);
}

HashedFile::~HashedFile() {
  if (file_ >= 0) ::close(file_);
}

void HashedFile::write(std::string_view bytes) {
  buffer_ += bytes;
  bytes_ += bytes.size();
  if (buffer_.size() >= buffer_max) flush();
}

void HashedFile::close() {
  flush();
  const bool is_kept = ::fsync(file_) == 0;
  const bool is_closed = ::close(std::exchange(file_, -1)) == 0;
  if (!is_kept || !is_closed) fail(path_);
  sha256_ = hash_.finish();
}

void HashedFile::flush() {
  hash_.update(buffer_);
  for (std::size_t written = 0; written < buffer_.size();) {
    const ssize_t result = ::write(file_, buffer_.data() + written, buffer_.size() - written);
    if (result < 0 && errno == EINTR) continue;
    if (result < 0) fail(path_);
    written += static_cast<std::size_t>(result);
  }
  buffer_.clear();
}

TableFile::TableFile(const std::filesystem::path& path, TableFormat format,
                     std::vector<std::string_view> columns)
    : format_(format), columns_(std::move(columns)), file_(with_suffix(path, format)) {
  if (format_ != TableFormat::csv) return;
  for (const std::string_view column : columns_) {
    begin_cell();
    row_ += column;
  }
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
    ingest::append_json_string(row_, value);
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

void TableFile::end_row() {
  LEDGER_ASSERT(cell_ == columns_.size());
  row_ += format_ == TableFormat::ndjson ? "}\n" : "\r\n";
  file_.write(row_);
  row_.clear();
  cell_ = 0;
  ++rows_;
}

}  // namespace api
