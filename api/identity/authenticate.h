#pragma once

#include <optional>
#include <string_view>

#include "api/identity/access_token.h"
#include "api/identity/caller.h"
#include "api/identity/dpop_proof.h"
#include "api/identity/refusal.h"
#include "api/identity/roles.h"

namespace api {

/// What a request brings to say who it is from.
struct Credentials {
  std::string_view authorization;  ///< the whole field; empty: none
  std::string_view proof;          ///< `DPoP`; empty: none
  bool is_repeated = false;        ///< one of the two stands there twice
};

/// What a request is, as far as it decides who may.
struct Visit {
  RequestLine line;
  Credentials credentials;
  bool is_of_operator = false;  ///< by the socket: root, or the user of the service itself
  Surface surface = Surface::native;
};

/// Scheme and token of the field `Authorization`.
struct Presented {
  Scheme scheme = Scheme::bearer;
  std::string_view token;
};

/// Nothing, when there is no token of a scheme that is known.
std::optional<Presented> presented_by(const Credentials& credentials);

/// Whether the token may be presented so. A token that is bound to a key is good with a proof by
/// that key only, whoever issued it (RFC 9449, 7.2).
std::optional<Refusal> judge_scheme(const AccessToken& token, const Issuer& issuer, Scheme scheme);

/// Whether the token is for routes of this contract: none is for both, unless it names both
/// audiences.
std::optional<Refusal> judge_audience(const AccessToken& token, const Issuer& issuer,
                                      Surface surface);

/// Whether a token that has been verified may be presented so: audience, scheme, one set of
/// credentials, and the proof, which must not have been used before; nothing where none is needed.
Judged<std::optional<ProofId>> judge_presentation(const AccessToken& token,
                                                  const ledger::Digest& token_hash, Scheme scheme,
                                                  const Visit& visit, const AuthSettings& settings,
                                                  std::int64_t now_s);

/// Whoever has been recognised, and the proof that must not have been used before.
struct Recognised {
  Caller caller;
  std::optional<ProofId> proof;
};

/// Whom a request is from, by everything that it brings: pure, from the field to the roles. The
/// server takes the same steps, but remembers tokens that it has verified; see TokenGuard.
Judged<Recognised> authenticate(const Credentials& credentials, const RequestLine& request,
                                const AuthSettings& settings, const KeyRing& keys,
                                std::int64_t now_s, Surface surface = Surface::native);

/// The value of `WWW-Authenticate` (RFC 6750, 3; RFC 9449, 7.1): every scheme that is served, the
/// one that was used first. The national card query knows DPoP alone. Empty where nothing is to
/// be said.
std::string challenge_of(const Refusal& refusal, const Credentials& credentials,
                         const AuthSettings& settings, Surface surface = Surface::native);

}  // namespace api
