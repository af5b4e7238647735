#include "api/identity/authenticate.h"

#include <algorithm>

#include "storage/crypto/crypto.h"

namespace api {
namespace {

/// Schemes have no case (RFC 9110, 11.1). `name` is in lower case.
bool is_called(std::string_view scheme, std::string_view name) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(scheme.begin(), scheme.end(), name.begin(), name.end(),
                    [lower](char a, char b) { return lower(a) == b; });
}

std::string_view error_of(Refusal::Kind kind) {
  switch (kind) {
    case Refusal::Kind::token:
    case Refusal::Kind::unknown_key:
      return "invalid_token";
    case Refusal::Kind::proof:
      return "invalid_dpop_proof";
    case Refusal::Kind::scope:
      return "insufficient_scope";
    default:
      return {};
  }
}

/// The scope of the national card query; empty where nobody asks it.
std::string_view query_scope_of(const AuthSettings& settings) {
  for (const Issuer& issuer : settings.issuers) {
    for (const RoleRule& rule : issuer.roles) {
      if (rule.role == Role::card_query) return rule.scope;
    }
  }
  return {};
}

std::string challenge(Scheme scheme, std::string_view error, std::string_view scope = {}) {
  const bool is_dpop = scheme == Scheme::dpop;
  std::string text = is_dpop ? "DPoP" : "Bearer";
  if (!error.empty()) text.append(" error=\"").append(error).append("\"");
  if (error == "insufficient_scope" && !scope.empty()) {
    text.append(", scope=\"").append(scope).append("\"");
  }
  if (is_dpop) {
    text += error.empty() ? " " : ", ";
    text += "algs=\"ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512\"";
  }
  return text;
}

bool is_served(const AuthSettings& settings, Scheme scheme) {
  return std::any_of(settings.issuers.begin(), settings.issuers.end(),
                     [scheme](const Issuer& issuer) { return issuer.scheme == scheme; });
}

}  // namespace

std::optional<Presented> presented_by(const Credentials& credentials) {
  std::string_view field = credentials.authorization;
  const std::size_t blank = field.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = field.substr(0, blank);
  field.remove_prefix(std::min(field.find_first_not_of(' ', blank), field.size()));
  if (field.empty()) return std::nullopt;
  if (is_called(scheme, "dpop")) return Presented{Scheme::dpop, field};
  if (is_called(scheme, "bearer")) return Presented{Scheme::bearer, field};
  return std::nullopt;
}

std::optional<Refusal> judge_scheme(const AccessToken& token, const Issuer& issuer, Scheme scheme) {
  const auto refuse = [](std::string_view reason) { return Refusal{Refusal::Kind::token, reason}; };
  if (token.is_bound_otherwise) return refuse("token is bound in a way that is not checked");
  if (issuer.scheme == Scheme::dpop && token.thumbprint.empty())
    return refuse("token is not bound");
  if (scheme == Scheme::bearer) {
    if (!token.thumbprint.empty()) return refuse("bound token as bearer");
  } else if (token.thumbprint.empty() || issuer.scheme != Scheme::dpop) {
    return refuse("token of an issuer that binds none, with DPoP");
  }
  return std::nullopt;
}

std::optional<Refusal> judge_audience(const AccessToken& token, const Issuer& issuer,
                                      Surface surface) {
  const Refusal refusal{Refusal::Kind::token, "for the other contract"};
  if (surface == Surface::native) {
    // Where any audience is good, that of the card query is not.
    const bool is_right =
        token.is_for(issuer.audience) || (issuer.is_audience_waived && token.audiences.empty());
    return is_right ? std::nullopt : std::optional(refusal);
  }
  const bool is_right =
      std::any_of(issuer.roles.begin(), issuer.roles.end(), [&token](const RoleRule& rule) {
        return rule.role == Role::card_query && token.is_for(rule.audience);
      });
  return is_right ? std::nullopt : std::optional(refusal);
}

Judged<std::optional<ProofId>> judge_presentation(const AccessToken& token,
                                                  const ledger::Digest& token_hash, Scheme scheme,
                                                  const Visit& visit, const AuthSettings& settings,
                                                  std::int64_t now_s) {
  const Issuer& issuer = *settings.find(token.issuer);
  if (const auto refusal = judge_audience(token, issuer, visit.surface)) return *refusal;
  if (const auto refusal = judge_scheme(token, issuer, scheme)) return *refusal;
  if (visit.credentials.is_repeated) {
    return Refusal{Refusal::Kind::proof, "token or proof stands there twice"};
  }
  if (scheme != Scheme::dpop) return std::optional<ProofId>();
  const auto proof =
      verify_dpop_proof(visit.credentials.proof, token, token_hash, visit.line, settings, now_s);
  if (const auto* const refusal = std::get_if<Refusal>(&proof)) return *refusal;
  return std::optional(std::get<ProofId>(proof));
}

Judged<Recognised> authenticate(const Credentials& credentials, const RequestLine& request,
                                const AuthSettings& settings, const KeyRing& keys,
                                std::int64_t now_s, Surface surface) {
  const auto presented = presented_by(credentials);
  if (!presented) return Refusal{Refusal::Kind::no_credentials, "no token"};
  auto verified = verify_access_token(presented->token, settings, keys, now_s);
  if (const auto* const refusal = std::get_if<Refusal>(&verified)) return *refusal;
  const AccessToken& token = std::get<AccessToken>(verified);
  const auto judged =
      judge_presentation(token, storage::sha256(presented->token), presented->scheme,
                         {request, credentials, false, surface}, settings, now_s);
  if (const auto* const refusal = std::get_if<Refusal>(&judged)) return *refusal;
  Recognised recognised;
  recognised.proof = std::get<std::optional<ProofId>>(judged);
  auto caller = caller_of(token, settings, surface);
  if (const auto* const refusal = std::get_if<Refusal>(&caller)) return *refusal;
  recognised.caller = std::move(std::get<Caller>(caller));
  return recognised;
}

std::string challenge_of(const Refusal& refusal, const Credentials& credentials,
                         const AuthSettings& settings, Surface surface) {
  const bool is_silent = refusal.kind == Refusal::Kind::not_allowed ||
                         refusal.kind == Refusal::Kind::no_keys ||
                         refusal.kind == Refusal::Kind::too_many_proofs;
  if (is_silent) return {};
  if (surface == Surface::national) {
    return challenge(Scheme::dpop, error_of(refusal.kind), query_scope_of(settings));
  }
  const auto presented = presented_by(credentials);
  const bool serves_dpop = is_served(settings, Scheme::dpop);
  Scheme first = serves_dpop ? Scheme::dpop : Scheme::bearer;
  if (presented) first = presented->scheme;
  std::string text = challenge(first, error_of(refusal.kind));
  if (refusal.kind == Refusal::Kind::scope) return text;
  const Scheme other = first == Scheme::dpop ? Scheme::bearer : Scheme::dpop;
  if (is_served(settings, other)) text += ", " + challenge(other, "");
  return text;
}

}  // namespace api
