#include "storage/keys/query_keys.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "storage/crypto/crypto.h"
#include "storage/files/files.h"
#include "storage/keys/secret_file.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view name_begin = "query-";
constexpr std::string_view name_end = ".pem";
constexpr std::string_view made_label = "Made: ";
constexpr std::string_view expires_label = "Expires: ";
/// After the last day that was promised.
constexpr std::int64_t grace_s = 86'400;
/// Between two looks into the folder: another process may have made a key.
constexpr std::int64_t look_interval_s = 5;
/// Of the hash of the public key, in its id.
constexpr std::size_t id_digits = 16;

/// The number behind a label at the beginning of a line.
std::int64_t number_after(const std::string& text, std::string_view label, const fs::path& path) {
  const std::size_t place = text.find(label);
  std::int64_t number = 0;
  const char* const begin = text.data() + place + label.size();
  if (place == std::string::npos ||
      std::from_chars(begin, text.data() + text.size(), number).ec != std::errc()) {
    throw std::runtime_error("the key file " + path.string() + " does not say `" +
                             std::string(label) + "`");
  }
  return number;
}

std::string id_of_new(const RsaKey& key) {
  return "frikort-" + to_hex(sha256(key.modulus())).substr(0, id_digits);
}

/// What stands between the two ends of the name.
std::string id_in(const fs::path& path) { return path.stem().string().substr(name_begin.size()); }

QueryKeyPtr read_key(const fs::path& path) {
  const std::string text = read_secret(path);
  try {
    RsaKey key = RsaKey::from_pem(text);
    return std::make_shared<const QueryKey>(
        QueryKey{id_in(path), number_after(text, made_label, path),
                 number_after(text, expires_label, path), std::move(key)});
  } catch (const std::runtime_error& error) {
    throw std::runtime_error("the key file " + path.string() + ": " + error.what());
  }
}

bool is_key_file(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(name_begin) && name.ends_with(name_end);
}

/// The first second from `expires_s` on in which no key ends: of keys that were made in the same
/// second the newest is to be the one that can be used longest.
std::int64_t free_expiry(const fs::path& folder, std::int64_t expires_s) {
  std::set<std::int64_t> taken;
  for (const auto& [id, path] : QueryKeys::files(folder)) {
    try {
      taken.insert(read_key(path)->expires_s);
    } catch (const std::exception&) {
      // It opens nothing, and whoever reads the folder is told.
    }
  }
  while (taken.contains(expires_s)) ++expires_s;
  return expires_s;
}

}  // namespace

std::map<std::string, fs::path> QueryKeys::files(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (is_key_file(file.path())) files.emplace(id_in(file.path()), file.path());
  }
  return files;
}

QueryKeyPtr QueryKeys::make(const Options& options, std::int64_t now_s, std::string_view made_by) {
  RsaKey key = RsaKey::generate();
  const std::int64_t expires_s = free_expiry(options.folder, now_s + options.life.count());
  std::string id = id_of_new(key);
  std::string text = made_by_line(made_by) + std::string(made_label);
  text += std::to_string(now_s) + '\n' + std::string(expires_label) + std::to_string(expires_s);
  text += '\n' + key.to_pem();
  const std::string name = std::string(name_begin) + id + std::string(name_end);
  replace_secret(options.folder / name, text);
  return std::make_shared<const QueryKey>(
      QueryKey{std::move(id), now_s, expires_s, std::move(key)});
}

void QueryKeys::forget_expired(std::int64_t now_s) {
  std::erase_if(keys_,
                [now_s](const auto& key) { return key.second->expires_s + grace_s <= now_s; });
}

void QueryKeys::take(std::string_view id, const fs::path& path, std::int64_t now_s) {
  QueryKeyPtr key = read_key(path);
  if (key->expires_s + grace_s > now_s) keys_[std::string(id)] = std::move(key);
}

/// Adds what has come. What opens nothing any more is forgotten, and its file removed.
void QueryKeys::look(std::int64_t now_s) {
  looked_s_ = now_s;
  forget_expired(now_s);
  for (const auto& [id, path] : files(options_.folder)) {
    if (keys_.contains(id)) continue;
    try {
      take(id, path, now_s);
    } catch (const std::exception& error) {
      const bool is_new = unreadable_.insert(id).second;
      if (is_new && options_.on_unreadable) options_.on_unreadable(error.what());
      continue;
    }
    std::error_code ignored;  // then it stays there, and opens nothing
    if (!keys_.contains(id)) fs::remove(path, ignored);
  }
}

void QueryKeys::look_again(std::int64_t now_s) {
  if (now_s - looked_s_ >= look_interval_s || now_s < looked_s_) look(now_s);
}

QueryKeyPtr QueryKeys::longest() const {
  QueryKeyPtr longest;
  for (const auto& [id, key] : keys_) {
    if (longest == nullptr || key->expires_s > longest->expires_s) longest = key;
  }
  return longest;
}

QueryKeyPtr QueryKeys::newest(std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  look_again(now_s);
  QueryKeyPtr known = longest();
  const bool is_good = known != nullptr && known->expires_s > now_s &&
                       now_s - known->made_s < options_.age_max.count();
  if (is_good) return known;
  QueryKeyPtr made = make(options_, now_s, {});
  keys_[made->id] = made;
  return made;
}

QueryKeyPtr QueryKeys::find(std::string_view id, std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  if (!keys_.contains(id)) look_again(now_s);
  const auto found = keys_.find(id);
  const bool is_good = found != keys_.end() && found->second->expires_s + grace_s > now_s;
  return is_good ? found->second : nullptr;
}

QueryKeys::Keys QueryKeys::all(std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  forget_expired(now_s);
  for (const auto& [id, path] : files(options_.folder)) take(id, path, now_s);
  return keys_;
}

}  // namespace storage
