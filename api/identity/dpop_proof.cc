#include "api/identity/dpop_proof.h"

#include <algorithm>

#include "api/identity/jwk.h"
#include "api/identity/jws.h"
#include "api/identity/target_url.h"
#include "storage/crypto/base64url.h"

namespace api {
namespace {

namespace json = boost::json;

constexpr std::size_t proof_id_bytes_max = 256;

Refusal refuse(std::string_view reason) { return {Refusal::Kind::proof, reason}; }

bool is_text(const json::object& claims, std::string_view name, std::string_view expected) {
  const json::string* const text = text_member(claims, name);
  return text != nullptr && view_of(*text) == expected;
}

std::optional<PublicJwk> key_of(const Jws& proof) {
  const json::value* const jwk = proof.header.if_contains("jwk");
  if (jwk == nullptr || !jwk->is_object()) return std::nullopt;
  return PublicJwk::from_json(jwk->get_object());
}

/// Empty when the claims are about this request.
std::string_view fault_of_claims(const json::object& claims, const ledger::Digest& token_hash,
                                 const RequestLine& request, const AuthSettings& settings) {
  if (!is_text(claims, "htm", request.method)) return "proof for another method";
  const json::string* const target = text_member(claims, "htu");
  if (target == nullptr || !is_target(view_of(*target), settings.origins, request.target)) {
    return "proof for another address";
  }
  if (!is_text(claims, "ath", storage::to_base64url(token_hash))) {
    return "proof for another token";
  }
  const json::string* const id = text_member(claims, "jti");
  const bool has_id = id != nullptr && !id->empty() && id->size() <= proof_id_bytes_max;
  return has_id ? std::string_view() : "proof without usable jti";
}

ProofId id_of(const PublicJwk& key, const json::object& claims, std::int64_t issued_s) {
  const json::string& id = claims.at("jti").get_string();
  const ledger::Digest hash = storage::sha256(key.thumbprint(), " ", view_of(id));
  ProofId proof;
  std::copy_n(hash.begin(), proof.hash.size(), proof.hash.begin());
  proof.issued_s = issued_s;
  return proof;
}

}  // namespace

Judged<ProofId> verify_dpop_proof(std::string_view compact, const AccessToken& token,
                                  const ledger::Digest& token_hash, const RequestLine& request,
                                  const AuthSettings& settings, std::int64_t now_s) {
  if (compact.empty()) return refuse("no proof");
  const auto proof = parse_jws(compact, proof_bytes_max);
  if (!proof) return refuse("proof is no signed token");
  if (proof->type != "dpop+jwt") return refuse("proof of another type");
  if (proof->has_critical) return refuse("critical extension in the proof");
  const auto key = key_of(*proof);
  if (!key || !key->fits(proof->algorithm)) return refuse("proof without usable key");
  // Before the signature: what costs nothing.
  if (key->thumbprint() != token.thumbprint) return refuse("token is bound to another key");
  const Issuer& issuer = *settings.find(token.issuer);
  const auto issued = time_member(proof->payload, "iat");
  if (!issued || *issued > now_s + settings.proof_leeway_of(issuer).count()) {
    return refuse("proof not of now");
  }
  if (*issued < now_s - settings.proof_age_of(issuer).count()) return refuse("proof too old");
  const std::string_view fault = fault_of_claims(proof->payload, token_hash, request, settings);
  if (!fault.empty()) return refuse(fault);
  if (!key->has_signed(compact, proof->algorithm)) return refuse("signature of the proof");
  return id_of(*key, proof->payload, *issued);
}

}  // namespace api
