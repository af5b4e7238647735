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
/// stable storage before it is served, ends later than every key before it, so that it is the one
/// that is served, and opens what was encrypted with it for a day longer than was promised. Times
/// are seconds of Unix. From any thread.
class QueryKeys {
 public:
  struct Options {
    std::filesystem::path folder;
    std::chrono::seconds life{};     ///< of a key, from when it is made, at least
    std::chrono::seconds age_max{};  ///< of the newest, before another is made
    /// Told once of each key file that cannot be read: the others go on to serve. May be empty.
    std::function<void(const std::string& why)> on_unreadable{};
    /// Told at most once a minute that none can be made: the last one goes on to serve. May be
    /// empty.
    std::function<void(const std::string& why)> on_not_made{};
  };
  explicit QueryKeys(Options options) : options_(std::move(options)) {}

  /// The key that can be used longest. Another is made if there is none, or the newest is too old;
  /// when that fails, the one before serves to its end. Throws std::runtime_error when there is
  /// none.
  QueryKeyPtr newest(std::int64_t now_s);

  /// The key with this id, if it still opens anything; else null. Throws std::runtime_error when
  /// the folder cannot be read.
  QueryKeyPtr find(std::string_view id, std::int64_t now_s);

  /// All that still open anything, by id. Throws std::runtime_error when a file cannot be read.
  std::map<std::string, QueryKeyPtr, std::less<>> all(std::int64_t now_s);

  /// Makes another key, whatever there is, and removes files that nobody can need any more.
  /// `made_by` is who wants it; empty when its turn has come.
  static QueryKeyPtr make(const Options& options, std::int64_t now_s, std::string_view made_by);

  /// Those in a folder, by id.
  static std::map<std::string, std::filesystem::path> files(const std::filesystem::path& folder);

 private:
  using Keys = std::map<std::string, QueryKeyPtr, std::less<>>;

  void look(std::int64_t now_s);
  void look_again(std::int64_t now_s);
  bool is_due(std::int64_t now_s) const;
  bool has_good(std::int64_t now_s) const;
  void renew(std::int64_t now_s);
  QueryKeyPtr longest() const;

  const Options options_;
  std::mutex mutex_;  // of everything below
  Keys keys_;         // also those that have ended: the clock may be set back
  std::int64_t looked_s_ = 0;
  std::int64_t failed_s_ = 0;         // when no key could be made, the last time
  std::set<std::string> unreadable_;  // ids of those that have been told of
};

}  // namespace storage
