#include "api/identity/token_guard.h"

#include <cstring>
#include <utility>

#include "api/identity/jws.h"
#include "storage/crypto/crypto.h"

namespace api {
namespace {

std::int64_t now_in_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

bool is_expired(const AccessToken& token, const Issuer& issuer, std::int64_t now_s) {
  return token.expires_s + issuer.leeway.count() <= now_s;
}

bool has_key(const KeyRing& keys, const AccessToken& token) {
  const auto set = keys.find(token.issuer);
  return set != keys.end() && set->second->find(token.key_id) != nullptr;
}

}  // namespace

std::size_t TokenGuard::HashOfDigest::operator()(const ledger::Digest& digest) const {
  std::size_t first = 0;
  std::memcpy(&first, digest.data(), sizeof first);
  return first;
}

TokenGuard::TokenGuard(const AuthSettings& settings, Fetch fetch,
                       const std::filesystem::path& proofs_folder)
    : settings_(std::make_shared<AuthSettings>(settings)),
      proofs_(proofs_folder, settings, now_in_seconds()),
      keys_(std::move(fetch)) {
  keys_.set_issuers(settings.issuers);
}

void TokenGuard::set(const AuthSettings& settings) {
  {
    const std::lock_guard lock(mutex_);
    settings_ = std::make_shared<AuthSettings>(settings);
    tokens_.clear();
  }
  proofs_.set_window(settings.longest_proof_window());
  keys_.set_issuers(settings.issuers);
}

TokenGuard::SettingsPtr TokenGuard::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

/// Null when it has to be verified, also when its key has gone meanwhile.
TokenGuard::TokenPtr TokenGuard::remembered(const ledger::Digest& hash,
                                            const AuthSettings& settings, const KeyRing& keys,
                                            std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(hash);
  if (found == tokens_.end()) return nullptr;
  const Issuer* const issuer = settings.find(found->second->issuer);
  if (issuer != nullptr && !is_expired(*found->second, *issuer, now_s) &&
      has_key(keys, *found->second)) {
    return found->second;
  }
  tokens_.erase(found);
  return nullptr;
}

void TokenGuard::remember(const ledger::Digest& hash, const TokenPtr& token,
                          const AuthSettings& settings, std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  // Settings that were replaced meanwhile have judged it.
  if (settings_.get() != &settings) return;
  if (tokens_.size() >= settings.cached_tokens_max) {
    std::erase_if(tokens_, [now_s](const auto& entry) { return entry.second->expires_s <= now_s; });
    if (tokens_.size() >= settings.cached_tokens_max) tokens_.erase(tokens_.begin());
  }
  tokens_.emplace(hash, token);
}

Judged<TokenGuard::TokenPtr> TokenGuard::verify(std::string_view compact,
                                                const ledger::Digest& hash,
                                                const AuthSettings& settings, std::int64_t now_s) {
  const auto keys = keys_.ring();
  if (TokenPtr known = remembered(hash, settings, *keys, now_s)) return known;
  auto verified = verify_access_token(compact, settings, *keys, now_s);
  if (const auto* const refusal = std::get_if<Refusal>(&verified)) return *refusal;
  auto token = std::make_shared<const AccessToken>(std::move(std::get<AccessToken>(verified)));
  remember(hash, token, settings, now_s);
  return token;
}

/// The steps of authenticate().
Judged<Caller> TokenGuard::recognise(const Visit& visit, std::string& client) {
  const auto presented = presented_by(visit.credentials);
  if (!presented && visit.is_of_operator && visit.credentials.authorization.empty()) {
    return Caller{"the machine's operator", {Role::operations}};
  }
  if (!presented) return Refusal{Refusal::Kind::no_credentials, "no token"};
  const SettingsPtr settings = this->settings();
  const std::int64_t now_s = now_in_seconds();
  if (presented->token.size() > token_bytes_max) {
    return Refusal{Refusal::Kind::token, "token too long"};
  }
  const ledger::Digest hash = storage::sha256(presented->token);
  const auto verified = verify(presented->token, hash, *settings, now_s);
  if (const auto* const refusal = std::get_if<Refusal>(&verified)) return *refusal;
  const AccessToken& token = *std::get<TokenPtr>(verified);
  const auto judged = judge_presentation(token, hash, presented->scheme, visit, *settings, now_s);
  if (const auto* const refusal = std::get_if<Refusal>(&judged)) return *refusal;
  if (const auto& proof = std::get<std::optional<ProofId>>(judged)) {
    const auto outcome = proofs_.spend(*proof, now_s);
    if (outcome == ReplayMemory::Outcome::used) {
      return Refusal{Refusal::Kind::proof, "proof used before"};
    }
    if (outcome == ReplayMemory::Outcome::full) {
      return Refusal{Refusal::Kind::too_many_proofs, "no room for more proofs"};
    }
  }
  client = client_of(token);
  return caller_of(token, *settings, visit.surface);
}

std::string TokenGuard::challenge_of(const Refusal& refusal, const Visit& visit) const {
  return api::challenge_of(refusal, visit.credentials, *settings(), visit.surface);
}

std::string TokenGuard::renew_keys_for(const Credentials& credentials) {
  const auto presented = presented_by(credentials);
  const auto jws = presented ? parse_jws(presented->token, token_bytes_max) : std::nullopt;
  const auto* const name = jws ? text_member(jws->payload, "iss") : nullptr;
  if (name == nullptr) return {};
  std::string issuer(view_of(*name));
  return keys_.renew(issuer) ? issuer : std::string();
}

}  // namespace api
