#include "storage/keys.h"

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "storage/files.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

std::string read_secret(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw std::runtime_error("the key file " + path.string() + " is missing");
  }
  if ((status.st_mode & 077) != 0) {
    throw std::runtime_error("the key file " + path.string() +
                             " can be read by others; remedy: chmod 600");
  }
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error("cannot read the key file " + path.string());
  return content;
}

std::string from_hex(const std::string& text, const fs::path& path) {
  std::string bytes;
  const auto value_of = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  for (std::size_t i = 0; i + 1 < text.size() && text[i] != '\n'; i += 2) {
    const int high = value_of(text[i]);
    const int low = value_of(text[i + 1]);
    if (high < 0 || low < 0) {
      throw std::runtime_error("the key file " + path.string() + " is not hexadecimal");
    }
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

DataKey read_data_key(const fs::path& path) {
  const std::string bytes = from_hex(read_secret(path), path);
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
  const fs::path wrapped = folder / "numbers.key";
  return KeyRing{SigningKey::from_pem(read_secret(folder / "signing.pem")),
                 NumberCipher(unwrap_key(read_data_key(folder / "master.key"),
                                         from_hex(read_secret(wrapped), wrapped)))};
}

}  // namespace storage
