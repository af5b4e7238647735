#include "storage/keys/keys.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "storage/files/files.h"
#include "storage/files/fresh_folder.h"
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

constexpr std::string_view first_signing_file = "signing.pem";
constexpr std::string_view signing_begin = "signing-";
constexpr std::string_view signing_end = ".pem";

std::string signing_file(unsigned number) {
  if (number == 1) return std::string(first_signing_file);
  return std::string(signing_begin) + std::to_string(number) + std::string(signing_end);
}

/// The number of the key in a file of this name; nothing when it is none of a signing key.
std::optional<unsigned> number_of(const std::string& name) {
  if (name == first_signing_file) return 1;
  unsigned number = 0;
  if (!name.starts_with(signing_begin)) return std::nullopt;
  std::from_chars(name.data() + signing_begin.size(), name.data() + name.size(), number);
  return number > 1 && name == signing_file(number) ? std::optional(number) : std::nullopt;
}

/// The numbers of the signing keys that have a file, in order.
std::vector<unsigned> signing_numbers(const fs::path& folder) {
  std::vector<unsigned> numbers;
  std::error_code error;  // then reading the files tells it better
  for (const auto& file : fs::directory_iterator(folder, error)) {
    const auto number = number_of(file.path().filename().string());
    if (number) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

SigningKey read_signing_key(const fs::path& folder, unsigned number) {
  const fs::path path = folder / signing_file(number);
  const std::string text = read_secret(path);
  try {
    return SigningKey::from_pem(text);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error("the key file " + path.string() + ": " + error.what());
  }
}

std::shared_ptr<SigningKeys> read_signing_keys(const fs::path& folder) {
  std::map<unsigned, SigningKey> keys;
  for (const unsigned number : signing_numbers(folder)) {
    keys.emplace(number, read_signing_key(folder, number));
  }
  if (keys.empty()) keys.emplace(1, read_signing_key(folder, 1));  // says what is missing
  return std::make_shared<SigningKeys>(std::move(keys));
}

PublicKey read_first_key(const fs::path& folder) {
  const fs::path path = folder / "signing.pub";
  if (!fs::exists(path)) return read_signing_key(folder, 1).public_key();
  PublicKey first = parse_public_key(read_file(path));
  if (!fs::exists(folder / first_signing_file)) return first;
  if (read_signing_key(folder, 1).public_key() == first) return first;
  throw std::runtime_error("the key file " + path.string() +
                           " is not the public half of signing.pem beside it");
}

/// A file that appears whole, and never in the place of another: a key that a service has read must
/// not become another one.
void publish_signing_key(const fs::path& folder, unsigned number, const std::string& text) {
  const fs::path place = folder / signing_file(number);
  const fs::path made =
      folder / ("." + place.filename().string() + "." + std::to_string(::getpid()));
  fs::remove(made);
  write_new_secret(made, text);
  fs::create_hard_link(made, place);
  fs::remove(made);
  sync_folder(folder);
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
  std::shared_ptr<SigningKeys> signing = read_signing_keys(folder);
  const PublicKey first = read_first_key(folder);
  // What a rotation replaces is read under the lock; it leaves the signing keys.
  FolderLock use = lock_keys(folder, FolderLock::Use::shared);
  const NumberKey number = read_number_key(folder);
  return {std::move(signing), first, std::move(use), NumberCipher(number.key), number.is_next};
}

void KeyRing::read_new_signing_keys(const fs::path& folder) const {
  for (const unsigned number : signing_numbers(folder)) {
    if (number <= signing->newest_number()) continue;
    sync_file(folder / signing_file(number));
    sync_folder(folder);
    signing->add(number, read_signing_key(folder, number));
  }
}

std::vector<SigningKeyFile> KeyRing::signing_key_files(const fs::path& folder) {
  std::vector<SigningKeyFile> files;
  for (const unsigned number : signing_numbers(folder)) {
    const fs::path path = folder / signing_file(number);
    files.push_back(
        {path, read_signing_key(folder, number).public_key(), maker_in(read_secret(path))});
  }
  return files;
}

void KeyRing::add_signing_key(const fs::path& folder, const std::string& made_by) {
  const KeyRing known = open(folder);
  publish_signing_key(folder, known.signing->newest_number() + 1,
                      made_by_line(made_by) + SigningKey::generate().to_pem());
}

void KeyRing::rotate(const fs::path& folder, const std::string& made_by) {
  read_signing_keys(folder);  // a whole set, or none is touched
  const FolderLock alone = lock_keys(folder, FolderLock::Use::alone);
  const NumberKey number = read_number_key(folder);
  if (number.is_next) finish_rotation(folder);
  // The new wrapping is durable before the new master key is in place, and the old one is there
  // until it is: whichever of the two master keys a crash leaves opens one of the wrappings.
  const DataKey master = random_data_key();
  fs::remove(folder / next_numbers);
  write_new_secret(folder / next_numbers, to_hex(wrap_key(master, number.key)) + "\n");
  sync_folder(folder);
  replace_secret(fs::canonical(folder / "master.key"),
                 to_hex(master) + "\n" + made_by_line(made_by));
  finish_rotation(folder);
}

}  // namespace storage
