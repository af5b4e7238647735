#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "api/identity/access_token.h"
#include "api/identity/issuer.h"

namespace api {

/// A text from elsewhere.
struct Fetched {
  std::string body;
  std::optional<std::chrono::seconds> max_age;  ///< as `Cache-Control` says
};
/// Gets a text over HTTPS; `ca_file` may be empty. Bounded in time and size; throws
/// std::runtime_error.
using Fetch = std::function<Fetched(const std::string& url, const std::string& ca_file)>;

/// The keys of an issuer from where its settings say. Throws std::runtime_error when they cannot be
/// had, and when the metadata are another issuer's.
struct FetchedKeys {
  KeySet keys;
  std::chrono::seconds good_for;
};
FetchedKeys fetch_keys(const Issuer& issuer, const Fetch& fetch);

/// Holds the keys of all issuers, and renews them: before they are a day old, and when a token
/// names one that is unknown, then at most once in ten seconds an issuer. Old keys stay in use for
/// a week when they cannot be renewed. The log says when renewals begin to fail, when they succeed
/// again, and when old keys are given up. Threads of its own do the waiting, as many as there are
/// issuers: one that does not answer holds up no other.
class IssuerKeys {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit IssuerKeys(Fetch fetch) : fetch_(std::move(fetch)) {}
  ~IssuerKeys();
  IssuerKeys(const IssuerKeys&) = delete;
  IssuerKeys& operator=(const IssuerKeys&) = delete;

  /// Takes these issuers from now on, and asks each of them. What is kept of an issuer that was
  /// there before stays until it has answered.
  void set_issuers(const std::vector<Issuer>& issuers);

  std::shared_ptr<const KeyRing> ring() const;

  /// Has the keys of an issuer renewed. False when that was done just now; otherwise
  /// is_renewing() says when it has ended.
  bool renew(const std::string& issuer);
  bool is_renewing(const std::string& issuer) const;

  /// Of issuers without keys, or with keys that could not be renewed: why, for operators.
  std::vector<std::string> troubles() const;

 private:
  struct Source {
    Issuer issuer;
    std::shared_ptr<const KeySet> keys;
    Time due{};    // of the next renewal
    Time tried{};  // the last time
    Time good_until{};
    bool is_wanted = true;  // now
    std::string trouble;
  };

  void run();
  void renew_one(std::unique_lock<std::mutex>& lock, const std::string& name);
  void take(Source& source, std::optional<FetchedKeys> fetched);
  void publish();

  const Fetch fetch_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Source, std::less<>> sources_;
  std::set<std::string, std::less<>> asked_;  // those of whom an answer is awaited
  std::uint64_t settings_ = 0;                ///< how often set_issuers() has been called
  std::shared_ptr<const KeyRing> ring_ = std::make_shared<KeyRing>();
  bool is_ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace api
