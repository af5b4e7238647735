#include "storage/keys/keys.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "storage/files/files.h"
#include "storage/keys/secret_file.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

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

FolderLock lock_keys(const fs::path& folder, FolderLock::Use use) {
  return {folder, use,
          "the keys in " + folder.string() +
              " are in use by another process; remedy: stop it, or wait for its end"};
}

/// Not replace_file()'s name for a file on its way: this one counts as soon as it is needed.
constexpr const char* next_numbers = "numbers.key.next";

struct NumberKey {
  DataKey key{};
  bool is_next = false;  ///< only the wrapping that a rotation has left beside opens
};

NumberKey read_number_key(const fs::path& folder) {
  const DataKey master = read_data_key(folder / "master.key");
  const std::string wrapped = read_hex(folder / "numbers.key");
  const fs::path next = folder / next_numbers;
  try {
    return {unwrap_key(master, wrapped), false};
  } catch (const std::runtime_error&) {
    if (!fs::exists(next)) throw;
  }
  return {unwrap_key(master, read_hex(next)), true};
}

/// The master key's part of a rotation is durable: the wrapping that it opens takes its place.
void finish_rotation(const fs::path& folder) {
  fs::rename(folder / next_numbers, folder / "numbers.key");
  sync_folder(folder);
}

}  // namespace

void KeyRing::create(const fs::path& folder) {
  // Made beside and renamed, so that a folder of keys is complete or absent.
  FreshFolder fresh(folder);
  fs::permissions(fresh.path(), fs::perms::owner_all);
  const SigningKey signing = SigningKey::generate();
  const DataKey master = random_data_key();
  const std::string wrapped = wrap_key(master, random_data_key());
  write_new_file(fresh.path() / "signing.pem", signing.to_pem(), 0600);
  write_new_file(fresh.path() / "signing.pub", to_hex(signing.public_key()) + "\n", 0644);
  write_new_file(fresh.path() / "master.key", to_hex(master) + "\n", 0600);
  write_new_file(fresh.path() / "numbers.key", to_hex(wrapped) + "\n", 0600);
  fresh.keep();
}

KeyRing KeyRing::open_or_create(const fs::path& folder) {
  if (!fs::exists(folder)) create(folder);
  return open(folder);
}

KeyRing KeyRing::open(const fs::path& folder) {
  SigningKey signing = SigningKey::from_pem(read_secret(folder / "signing.pem"));
  // What a rotation replaces is read under the lock; it leaves the signing key.
  FolderLock use = lock_keys(folder, FolderLock::Use::shared);
  const NumberKey number = read_number_key(folder);
  return {std::move(signing), std::move(use), NumberCipher(number.key), number.is_next};
}

void KeyRing::rotate(const fs::path& folder) {
  SigningKey::from_pem(read_secret(folder / "signing.pem"));  // a whole set, or none is touched
  const FolderLock alone = lock_keys(folder, FolderLock::Use::alone);
  const NumberKey number = read_number_key(folder);
  if (number.is_next) finish_rotation(folder);
  // The new wrapping is durable before the new master key is in place, and the old one is there
  // until it is: whichever of the two master keys a crash leaves opens one of the wrappings.
  const DataKey master = random_data_key();
  fs::remove(folder / next_numbers);
  write_new_file(folder / next_numbers, to_hex(wrap_key(master, number.key)) + "\n", 0600);
  sync_folder(folder);
  replace_file(fs::canonical(folder / "master.key"), to_hex(master) + "\n", 0600);
  finish_rotation(folder);
}

}  // namespace storage
