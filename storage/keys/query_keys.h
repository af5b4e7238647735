#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "storage/crypto/rsa_key.h"

namespace storage {

/// A key with which clients of the national card query encrypt for us.
struct QueryKey {
  std::string id;
  std::int64_t made_s = 0;
  std::int64_t expires_s = 0;  ///< clients may use it until then
  RsaKey key;
};
using QueryKeyPtr = std::shared_ptr<const QueryKey>;

/// The encryption keys of the national card query: files `query-ID.pem` in the folder of the keys,
/// each with its times before the key. Whoever makes a key, this process or another, it is on
/// stable storage before it is served, and opens what was encrypted with it for a day longer than
/// was promised. Times are seconds of Unix. From any thread.
class QueryKeys {
 public:
  struct Options {
    std::filesystem::path folder;
    std::chrono::seconds life{};     ///< of a key, from when it is made
    std::chrono::seconds age_max{};  ///< of the newest, before another is made
    /// Told once of each key file that cannot be read: the others go on to serve. May be empty.
    std::function<void(const std::string& why)> on_unreadable{};
  };
  explicit QueryKeys(Options options) : options_(std::move(options)) {}

  /// The key that can be used longest, which is made if there is none or it is too old. Throws
  /// std::runtime_error when none can be made or read.
  QueryKeyPtr newest(std::int64_t now_s);

  /// The key with this id, if it still opens anything; else null. Throws std::runtime_error when
  /// the folder cannot be read.
  QueryKeyPtr find(std::string_view id, std::int64_t now_s);

  /// All that still open anything, by id. Changes no file. Throws std::runtime_error when a file
  /// cannot be read.
  std::map<std::string, QueryKeyPtr, std::less<>> all(std::int64_t now_s);

  /// Makes another key, whatever there is. `made_by` is who wants it; empty when its turn has come.
  static QueryKeyPtr make(const Options& options, std::int64_t now_s, std::string_view made_by);

  /// Those in a folder, by id.
  static std::map<std::string, std::filesystem::path> files(const std::filesystem::path& folder);

 private:
  using Keys = std::map<std::string, QueryKeyPtr, std::less<>>;

  void look(std::int64_t now_s);
  void forget_expired(std::int64_t now_s);
  void take(std::string_view id, const std::filesystem::path& path, std::int64_t now_s);
  void look_again(std::int64_t now_s);
  QueryKeyPtr longest() const;

  const Options options_;
  std::mutex mutex_;  // of everything below
  Keys keys_;
  std::int64_t looked_s_ = 0;
  std::set<std::string> unreadable_;  // ids of those that have been told of
};

}  // namespace storage
