#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/identity/caller.h"
#include "api/identity/issuer.h"
#include "api/identity/jwk.h"
#include "api/identity/refusal.h"

namespace api {

/// The keys of each issuer by its name. An issuer without keys is not in it.
using KeyRing = std::map<std::string, std::shared_ptr<const KeySet>, std::less<>>;

/// Longer tokens are refused unread.
constexpr std::size_t token_bytes_max = 12U << 10;
/// Names in tokens are cut to this, because they go into logs.
constexpr std::size_t token_name_bytes_max = 100;

/// Whom a token speaks of, as far as its issuer's settings say where that stands. Texts are as the
/// issuer wrote them; empty: not there.
struct TokenParty {
  Register in = Register::organisations;
  std::string number;  ///< empty: the deciding claim is there, but of no form that counts
  bool is_there = false;
  /// A practice must have this number of a main unit as well; an empty one has no practice.
  /// Nothing: any practice may be meant.
  std::optional<std::string> parent{};
};

/// A token that has been verified: form, signature, issuer, audience, times.
struct AccessToken {
  std::string issuer;
  std::string key_id;
  std::int64_t expires_s = 0;          ///< without leeway
  std::string thumbprint;              ///< of the key that it is bound to; empty: a bearer token
  bool is_bound_otherwise = false;     ///< by something that we do not check
  std::vector<std::string> audiences;  ///< those of the issuer's that it is for
  std::vector<std::string> scopes;
  std::string client_id;      ///< for logs and rates
  std::string raw_client_id;  ///< as the issuer wrote it
  std::string acr;
  TokenParty party;
  TokenParty query_party;  ///< of the national card query, which knows no practitioner's number
  std::vector<std::string> organisations;  ///< all that are named, also parents and suppliers
  std::string person;                      ///< who has logged in, if the issuer's tokens say so
  std::int64_t level = 0;
  bool has_level = false;
  std::shared_ptr<const TokenDetails> details;  ///< never null
  bool has_supplier = false;
  std::string delegation_source;

  bool has_scope(std::string_view scope) const;
  bool is_for(std::string_view audience) const;
  const TokenParty& party_on(Surface surface) const {
    return surface == Surface::national ? query_party : party;
  }
};

/// Verifies a token by itself. Pure: times in seconds of Unix.
Judged<AccessToken> verify_access_token(std::string_view compact, const AuthSettings& settings,
                                        const KeyRing& keys, std::int64_t now_s);

}  // namespace api
