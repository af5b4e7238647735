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
/// Between two attempts to make a key when that fails: each costs much.
constexpr std::int64_t retry_interval_s = 60;
/// A file is kept so long after its key has ended: the clock may be wrong.
constexpr std::int64_t kept_s = 30 * 86'400;
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

using KeysByPath = std::map<fs::path, QueryKeyPtr>;

/// Those that can be read: the others open nothing, and whoever reads the folder is told.
KeysByPath readable_keys(const fs::path& folder) {
  KeysByPath keys;
  for (const auto& [id, path] : QueryKeys::files(folder)) {
    try {
      keys.emplace(path, read_key(path));
    } catch (const std::exception&) {
      continue;
    }
  }
  return keys;
}

/// From `end_s` on the first second after the end of all these.
std::int64_t end_after(const KeysByPath& keys, std::int64_t end_s) {
  for (const auto& [path, key] : keys) end_s = std::max(end_s, key->expires_s + 1);
  return end_s;
}

/// By the clock of now and by that of the newest of them: one that has just leapt ahead must not
/// cost us keys that clients use.
void remove_ended(const KeysByPath& keys, std::int64_t now_s) {
  std::int64_t made_s = 0;
  for (const auto& [path, key] : keys) made_s = std::max(made_s, key->made_s);
  for (const auto& [path, key] : keys) {
    std::error_code ignored;  // then it stays there, and opens nothing
    if (key->expires_s + kept_s < std::min(now_s, made_s)) fs::remove(path, ignored);
  }
}

bool opens(const QueryKey& key, std::int64_t now_s) { return key.expires_s + grace_s > now_s; }

}  // namespace

std::map<std::string, fs::path> QueryKeys::files(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (is_key_file(file.path())) files.emplace(id_in(file.path()), file.path());
  }
  return files;
}

QueryKeyPtr QueryKeys::make(const Options& options, std::int64_t now_s, std::string_view made_by) {
  const KeysByPath others = readable_keys(options.folder);
  const std::int64_t expires_s = end_after(others, now_s + options.life.count());
  RsaKey key = RsaKey::generate();
  std::string id = id_of_new(key);
  std::string text = made_by_line(made_by) + std::string(made_label);
  text += std::to_string(now_s) + '\n' + std::string(expires_label) + std::to_string(expires_s);
  text += '\n' + key.to_pem();
  const std::string name = std::string(name_begin) + id + std::string(name_end);
  replace_secret(options.folder / name, text);
  remove_ended(others, now_s);
  return std::make_shared<const QueryKey>(
      QueryKey{std::move(id), now_s, expires_s, std::move(key)});
}

/// Adds what has come.
void QueryKeys::look(std::int64_t now_s) {
  looked_s_ = now_s;
  for (const auto& [id, path] : files(options_.folder)) {
    if (keys_.contains(id)) continue;
    try {
      keys_.emplace(id, read_key(path));
    } catch (const std::exception& error) {
      const bool is_new = unreadable_.insert(id).second;
      if (is_new && options_.on_unreadable) options_.on_unreadable(error.what());
    }
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

/// By the newest of all, so that no settings and no clock can have a key made with every request.
bool QueryKeys::is_due(std::int64_t now_s) const {
  return std::none_of(keys_.begin(), keys_.end(), [&](const auto& key) {
    return now_s - key.second->made_s < options_.age_max.count();
  });
}

bool QueryKeys::has_good(std::int64_t now_s) const {
  const QueryKeyPtr known = longest();
  return known != nullptr && known->expires_s > now_s;
}

void QueryKeys::renew(std::int64_t now_s) {
  look_again(now_s);
  if (has_good(now_s) && !is_due(now_s)) return;
  QueryKeyPtr made = make(options_, now_s, {});
  keys_.emplace(made->id, made);
}

QueryKeyPtr QueryKeys::newest(std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  const bool has_just_failed = failed_s_ <= now_s && now_s - failed_s_ < retry_interval_s;
  if (has_just_failed && has_good(now_s)) return longest();
  try {
    renew(now_s);
  } catch (const std::exception& error) {
    if (!has_good(now_s)) throw;
    failed_s_ = now_s;
    if (options_.on_not_made) options_.on_not_made(error.what());
  }
  return longest();
}

QueryKeyPtr QueryKeys::find(std::string_view id, std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  if (!keys_.contains(id)) look_again(now_s);
  const auto found = keys_.find(id);
  return found != keys_.end() && opens(*found->second, now_s) ? found->second : nullptr;
}

QueryKeys::Keys QueryKeys::all(std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  Keys all;
  for (const auto& [id, path] : files(options_.folder)) {
    QueryKeyPtr key = read_key(path);
    if (opens(*key, now_s)) all.emplace(id, std::move(key));
  }
  return all;
}

}  // namespace storage
