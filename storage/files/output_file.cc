#include "storage/files/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "storage/crypto/crypto.h"
#include "storage/json/json.h"

namespace storage {
namespace {

/// Written at once.
constexpr std::size_t waiting_max = 64U << 10;

}  // namespace

OutputFile::OutputFile(std::filesystem::path path, mode_t mode)
    : path_(std::move(path)),
      file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode)) {
  if (file_ < 0) fail("create");
}

OutputFile::~OutputFile() {
  if (file_ >= 0) ::close(file_);
}

void OutputFile::fail(std::string_view what) const {
  throw std::runtime_error(
      fmt::format("cannot {} {}: {}", what, path_.string(), std::strerror(errno)));
}

void OutputFile::write(std::string_view bytes) {
  waiting_ += bytes;
  bytes_ += bytes.size();
  if (waiting_.size() >= waiting_max) flush();
}

void OutputFile::flush() {
  std::string_view left = waiting_;
  while (!left.empty()) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write");
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  waiting_.clear();
}

void OutputFile::close() {
  flush();
  if (::fsync(file_) != 0) fail("sync");
  if (::close(std::exchange(file_, -1)) != 0) fail("close");
}

bool OutputFile::continue_at(std::uint64_t bytes) {
  flush();
  if (std::filesystem::file_size(path_) < bytes) return false;
  std::filesystem::resize_file(path_, bytes);
  bytes_ = bytes;
  return true;
}

std::string OutputFile::manifest_entry(std::uint64_t rows) const {
  return Json::object({{"name", name()},
                       {"bytes", bytes_},
                       {"rows", rows},
                       {"sha256", to_hex(sha256_of_file(path_))}})
      .text();
}

}  // namespace storage
