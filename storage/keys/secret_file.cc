#include "storage/keys/secret_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "storage/files/files.h"

namespace storage {
namespace {

constexpr std::string_view made_by_label = "Made by: ";

}  // namespace

namespace fs = std::filesystem;

std::string read_secret(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) throw std::runtime_error("the key file " + path.string() + " is missing");
    throw std::runtime_error("the key file " + path.string() +
                             " cannot be read: " + std::strerror(errno));
  }
  if ((status.st_mode & 077) != 0) {
    throw std::runtime_error("the key file " + path.string() +
                             " can be read by others; remedy: chmod 600");
  }
  return read_file(path);
}

void write_new_secret(const fs::path& path, std::string_view text) {
  write_new_file(path, text, 0600);
  struct stat folder {};
  if (::geteuid() != 0 || ::stat(path.parent_path().c_str(), &folder) != 0) return;
  if (::chown(path.c_str(), folder.st_uid, folder.st_gid) != 0) {
    throw fs::filesystem_error("chown", path, std::error_code(errno, std::generic_category()));
  }
}

void replace_secret(const fs::path& path, std::string_view text) {
  const fs::path made = path.string() + ".new";
  fs::remove(made);
  write_new_secret(made, text);
  fs::rename(made, path);
  sync_folder(path.parent_path());
}

std::string made_by_line(std::string_view maker) {
  return maker.empty() ? "" : std::string(made_by_label) + std::string(maker) + "\n";
}

std::string maker_in(std::string_view text) {
  const std::size_t place = text.find(made_by_label);
  if (place == std::string_view::npos) return "";
  const std::size_t begin = place + made_by_label.size();
  return std::string(text.substr(begin, text.find('\n', begin) - begin));
}

}  // namespace storage
