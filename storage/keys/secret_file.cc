#include "storage/keys/secret_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "storage/files/files.h"

namespace storage {

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

}  // namespace storage
