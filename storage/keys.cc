#include "storage/keys.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "storage/files.h"

namespace storage {
namespace {

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

std::string read_hex(const fs::path& path) {
  const std::string text = read_secret(path);
  auto bytes = from_hex(std::string_view(text).substr(0, text.find('\n')));
  if (!bytes) throw std::runtime_error("the key file " + path.string() + " is not hexadecimal");
  return std::move(*bytes);
}

DataKey read_data_key(const fs::path& path) {
  const std::string bytes = read_hex(path);
  DataKey key{};
  if (bytes.size() != key.size()) {
    throw std::runtime_error("the key file " + path.string() + " does not hold 32 bytes");
  }
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

void create(const fs::path& folder) {
  // Made beside and renamed, so that a folder of keys is complete or absent.
  const fs::path fresh = folder.string() + ".new";
  fs::remove_all(fresh);
  fs::create_directories(fresh);
  fs::permissions(fresh, fs::perms::owner_all);
  const SigningKey signing = SigningKey::generate();
  const DataKey master = random_data_key();
  const std::string wrapped = wrap_key(master, random_data_key());
  write_new_file(fresh / "signing.pem", signing.to_pem(), 0600);
  write_new_file(fresh / "signing.pub", to_hex(signing.public_key()) + "\n", 0644);
  write_new_file(fresh / "master.key", to_hex(master) + "\n", 0600);
  write_new_file(fresh / "numbers.key", to_hex(wrapped) + "\n", 0600);
  sync_folder(fresh);
  fs::rename(fresh, folder);
  sync_folder(folder.parent_path());
}

}  // namespace

KeyRing KeyRing::open_or_create(const fs::path& given) {
  // Absolute and without a slash at the end, so that it has a parent and a name.
  fs::path folder = fs::absolute(given).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  if (!fs::exists(folder)) create(folder);
  return open(folder);
}

KeyRing KeyRing::open(const fs::path& folder) {
  return KeyRing{SigningKey::from_pem(read_secret(folder / "signing.pem")),
                 NumberCipher(unwrap_key(read_data_key(folder / "master.key"),
                                         read_hex(folder / "numbers.key")))};
}

}  // namespace storage
