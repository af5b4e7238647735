#include "storage/files/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr int no_room_errors[] = {ENOSPC, EDQUOT};

[[noreturn]] void fail(const std::string& what, const fs::path& path) {
  throw std::runtime_error("cannot " + what + " " + path.string() + ": " + std::strerror(errno));
}

/// A file or folder that is open; closed at the end.
class OpenFile {
 public:
  OpenFile(const fs::path& path, int flags, mode_t mode = 0)
      : path_(path), file_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
    if (file_ < 0) fail("open", path_);
  }
  ~OpenFile() { ::close(file_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  void write(std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = ::write(file_, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("write", path_);
      content.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  /// The next bytes of the file, in `space`; none at its end.
  std::string_view read(std::string& space) const {
    for (;;) {
      const ssize_t bytes = ::read(file_, space.data(), space.size());
      if (bytes >= 0) return {space.data(), static_cast<std::size_t>(bytes)};
      if (errno != EINTR) fail("read", path_);
    }
  }
  void sync() {
    if (::fsync(file_) != 0) fail("sync", path_);
  }

 private:
  const fs::path path_;
  const int file_;
};

}  // namespace

std::string read_file(const fs::path& path) {
  // A stream would not tell the reason.
  const OpenFile file(path, O_RDONLY);
  std::string content;
  std::string piece(64U << 10, '\0');
  for (std::string_view read = file.read(piece); !read.empty(); read = file.read(piece)) {
    content += read;
  }
  return content;
}

void write_new_file(const fs::path& path, std::string_view content, mode_t mode) {
  OpenFile file(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  file.write(content);
  file.sync();
}

void replace_file(const fs::path& path, std::string_view content, mode_t mode) {
  const fs::path fresh = path.string() + ".new";
  fs::remove(fresh);
  write_new_file(fresh, content, mode);
  fs::rename(fresh, path);
  sync_folder(path.parent_path());
}

void check_writable(const fs::path& folder) {
  constexpr std::size_t bytes = 512U << 10;
  const fs::path path = folder / ".check_writable";
  fs::remove(path);
  try {
    write_new_file(path, std::string(bytes, '\xa5'), 0600);
  } catch (const std::exception&) {
    std::error_code ignored;
    fs::remove(path, ignored);
    throw;
  }
  fs::remove(path);
  sync_folder(folder);
}

void sync_file(const fs::path& path) { OpenFile(path, O_RDONLY).sync(); }

void sync_folder(const fs::path& folder) { OpenFile(folder, O_RDONLY | O_DIRECTORY).sync(); }

void publish_folder(const fs::path& from, const fs::path& to) {
  sync_folder(from);
  fs::rename(from, to);
  sync_folder(to.parent_path());
}

void copy_new_file(const fs::path& from, const fs::path& to) {
  const OpenFile source(from, O_RDONLY);
  OpenFile copy(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
  std::string piece(1U << 20, '\0');
  for (std::string_view read = source.read(piece); !read.empty(); read = source.read(piece)) {
    copy.write(read);
  }
  fs::permissions(to, fs::status(from).permissions() & ~fs::perms::others_all);
  copy.sync();
}

bool is_no_room(const std::exception& error) {
  const std::string_view text = error.what();
  return std::any_of(std::begin(no_room_errors), std::end(no_room_errors), [&](int number) {
    return text.find(std::generic_category().message(number)) != std::string_view::npos;
  });
}

std::uint64_t copy_folder(const fs::path& from, const fs::path& to, const fs::path& earlier) {
  std::uint64_t bytes = 0;
  fs::create_directory(to, from);
  for (const auto& entry : fs::directory_iterator(from)) {
    const fs::path name = entry.path().filename();
    if (name.string().starts_with('.')) continue;
    const fs::path before = earlier.empty() ? earlier : earlier / name;
    if (entry.is_directory()) {
      bytes += copy_folder(entry.path(), to / name, before);
      continue;
    }
    if (!entry.is_regular_file()) continue;
    if (!before.empty() && fs::is_regular_file(before) &&
        fs::file_size(before) == entry.file_size() &&
        fs::last_write_time(before) == entry.last_write_time()) {
      fs::create_hard_link(before, to / name);
      continue;
    }
    copy_new_file(entry.path(), to / name);
    fs::last_write_time(to / name, entry.last_write_time());
    bytes += entry.file_size();
  }
  sync_folder(to);
  return bytes;
}

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code is_gone;
    const std::uintmax_t size = at->is_regular_file(is_gone) ? at->file_size(is_gone) : 0;
    if (!is_gone) bytes += size;
  }
  return bytes;
}

fs::path real_path(const fs::path& path) {
  const fs::path real = fs::weakly_canonical(fs::absolute(path)).lexically_normal();
  return real.has_filename() ? real : real.parent_path();
}

bool is_within(const fs::path& inner, const fs::path& outer) {
  const fs::path relative = inner.lexically_relative(outer);
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace storage
