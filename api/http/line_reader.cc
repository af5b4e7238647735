#include "api/http/line_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "api/program/usage_error.h"

namespace api {
namespace {

/// Lines sent in one request. Between two requests the server waits, so they are not small.
constexpr std::size_t batch_lines_max = 100'000;
constexpr std::size_t batch_bytes_max = 32U << 20;
constexpr std::size_t piece_bytes = 1U << 20;
/// So many tell the form of a file.
constexpr std::size_t first_bytes = 4096;

/// Lines that are looked at before anything is sent. Of a file that has fewer nothing is concluded:
/// each line gets its verdict.
constexpr std::size_t first_lines = 10;

struct Form {
  std::string_view first_bytes;
  std::string_view name;
  std::string_view program;  ///< that makes lines of it
};

/// Forms of files that hold no lines to take, by their first bytes.
constexpr Form forms[] = {
    {"\x1f\x8b", "compressed with gzip", "gzip -dc"},
    {"\x28\xb5\x2f\xfd", "compressed with zstd", "zstd -dc"},
    {"\xfd\x37zXZ", "compressed with xz", "xz -dc"},
    {"BZh", "compressed with bzip2", "bzip2 -dc"},
    {"PK\x03\x04", "a zip archive", "unzip -p"},
    {"\xff\xfe", "in UTF-16", "iconv -f UTF-16 -t UTF-8"},
    {"\xfe\xff", "in UTF-16", "iconv -f UTF-16 -t UTF-8"},
    {{"{\0", 2}, "in UTF-16", "iconv -f UTF-16LE -t UTF-8"},
    {{"\0{", 2}, "in UTF-16", "iconv -f UTF-16BE -t UTF-8"},
};

[[noreturn]] void refuse_form(const std::string& name, std::string_view form,
                              std::string_view program) {
  throw UsageError(
      fmt::format("{} is {}, and lines of JSON are wanted; remedy: {} FILE | frikort "
                  "load ... -",
                  name, form, program));
}

void refuse_other_forms(std::string_view bytes, const std::string& name) {
  for (const Form& form : forms) {
    if (bytes.starts_with(form.first_bytes)) refuse_form(name, form.name, form.program);
  }
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && bytes[first] == '[') {
    refuse_form(name, "a JSON array", "jq -c '.[]'");
  }
}

}  // namespace

LineReader::LineReader(const std::string& name)
    : name_(name == "-" ? "standard input" : name),
      file_(name == "-" ? STDIN_FILENO : ::open(name.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_ < 0) throw std::runtime_error("cannot open " + name_ + ": " + std::strerror(errno));
}

LineReader::~LineReader() {
  if (file_ != STDIN_FILENO) ::close(file_);
}

std::uint64_t LineReader::size() const {
  struct stat status {};
  const bool is_file = ::fstat(file_, &status) == 0 && S_ISREG(status.st_mode);
  return is_file ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::string LineReader::next() {
  if (std::exchange(is_at_begin_, false)) begin();
  while (!is_at_end_ && bytes_.size() < batch_bytes_max) fill();
  if (!is_at_end_ && bytes_.find('\n') == std::string::npos) {
    throw UsageError(
        fmt::format("{} has a line of more than {} MiB; remedy: a file with one item a line", name_,
                    batch_bytes_max >> 20));
  }
  if (is_at_end_ && !bytes_.empty() && bytes_.back() != '\n') bytes_ += '\n';
  const std::size_t end = batch_end();
  std::string rest(bytes_, end);
  bytes_.resize(end);
  return std::exchange(bytes_, std::move(rest));
}

/// What has no lines to take is named before more of it is read.
void LineReader::begin() {
  while (!is_at_end_ && bytes_.size() < first_bytes) fill();
  if (bytes_.starts_with("\xef\xbb\xbf")) bytes_.erase(0, 3);
  refuse_other_forms(bytes_, name_);
}

/// The end of the last line that the batch may hold.
std::size_t LineReader::batch_end() const {
  std::size_t end = 0;
  for (std::size_t lines = 0; lines < batch_lines_max; ++lines) {
    const std::size_t next = bytes_.find('\n', end);
    if (next == std::string::npos) break;
    end = next + 1;
  }
  return end;
}

void LineReader::fill() {
  const std::size_t filled = bytes_.size();
  bytes_.reserve(batch_bytes_max * 2);
  bytes_.resize(filled + piece_bytes);
  const ssize_t got = ::read(file_, bytes_.data() + filled, piece_bytes);
  bytes_.resize(filled + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0 && errno != EINTR) {
    throw std::runtime_error("cannot read " + name_ + ": " + std::strerror(errno));
  }
  is_at_end_ = got == 0;
}

void require_items(std::string_view lines, const std::string& name, bool trusts_received_time) {
  simdjson::dom::parser parser;
  std::size_t seen = 0;
  std::size_t objects = 0;
  std::size_t with_received_time = 0;
  while (!lines.empty() && seen < first_lines) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    ++seen;
    simdjson::dom::object object;
    if (parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) continue;
    ++objects;
    if (object["receivedTime"].error() == simdjson::SUCCESS) ++with_received_time;
  }
  if (seen < first_lines) return;
  if (objects == 0) {
    throw UsageError(
        fmt::format("none of the first {} lines of {} is a JSON object; remedy: a file "
                    "with one item a line",
                    seen, name));
  }
  if (with_received_time == objects && !trusts_received_time) {
    throw UsageError(
        fmt::format("the first {} lines of {} all have `receivedTime`, which is an "
                    "unknown field unless it is trusted; remedy: add "
                    "--trust-received-time, or leave the field out",
                    seen, name));
  }
}

}  // namespace api
