#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "api/identity/authenticate.h"
#include "api/identity/issuer_keys.h"
#include "api/identity/rate_limiter.h"
#include "api/identity/replay_memory.h"

namespace api {

/// Recognises callers by their tokens: authenticate(), with everything that is remembered from one
/// request to the next. From any thread.
class TokenGuard {
 public:
  /// `proofs_folder` keeps proofs over a restart.
  TokenGuard(const AuthSettings& settings, Fetch fetch, const std::filesystem::path& proofs_folder);

  /// Uses these settings from now on, and asks all issuers for their keys. What has been proved
  /// stays spent; how much of that is remembered does not change.
  void set(const AuthSettings& settings);

  /// `client` becomes who sends the token as soon as that is certain, whatever follows.
  Judged<Caller> recognise(const Visit& visit, std::string& client);
  std::string challenge_of(const Refusal& refusal, const Visit& visit) const;

  /// After `unknown_key` or `no_keys`: the issuer of the token that was refused, when it is worth
  /// to wait for its keys; empty otherwise.
  std::string renew_keys_for(const Credentials& credentials);
  bool is_renewing(const std::string& issuer) const { return keys_.is_renewing(issuer); }

  std::vector<std::string> troubles() const { return keys_.troubles(); }

 private:
  using TokenPtr = std::shared_ptr<const AccessToken>;
  using SettingsPtr = std::shared_ptr<const AuthSettings>;
  struct HashOfDigest {
    std::size_t operator()(const ledger::Digest& digest) const;
  };

  Judged<TokenPtr> verify(std::string_view compact, const ledger::Digest& hash,
                          const AuthSettings& settings, std::int64_t now_s);
  TokenPtr remembered(const ledger::Digest& hash, const AuthSettings& settings, const KeyRing& keys,
                      std::int64_t now_s);
  void remember(const ledger::Digest& hash, const TokenPtr& token, const AuthSettings& settings,
                std::int64_t now_s);
  SettingsPtr settings() const;

  mutable std::mutex mutex_;  // of settings and tokens
  SettingsPtr settings_;
  std::unordered_map<ledger::Digest, TokenPtr, HashOfDigest> tokens_;
  ReplayMemory proofs_;
  IssuerKeys keys_;
};

}  // namespace api
