#include "api/identity/dpop_proof.h"

#include <gtest/gtest.h>

#include "tests/api/identity/refused_rows.h"

namespace api::test {
namespace {

TEST(DpopProof, refuses_proofs_that_are_not_for_this_request_and_token) {
  const auto set_claim = [](std::string_view name, auto value) {
    return [name, value](Attempt& a) { a.proof_claims[name] = value; };
  };
  const auto drop_claim = [](std::string_view name) {
    return [name](Attempt& a) { a.proof_claims.erase(name); };
  };
  const auto set_header = [](std::string_view name, auto value) {
    return [name, value](Attempt& a) { a.proof_header[name] = value; };
  };
  const auto to = [&](std::string_view url) { return set_claim("htu", url); };
  const auto own_ath = [](json::value ath) {
    return [ath](Attempt& a) {
      a.has_own_ath = true;
      if (!ath.is_null()) a.proof_claims["ath"] = ath;
    };
  };
  const auto forged = [](json::object header) {
    return [header](Attempt& a) {
      a.change_proof = [header, claims = a.proof_claims](std::string& proof) {
        proof = unsigned_jws(header, claims, proof.substr(proof.rfind('.') + 1));
      };
    };
  };
  json::object off_curve = client_key().public_jwk();
  off_curve["y"] = other_key().public_jwk()["y"];
  expect_refused(
      {
          {"none", Kind::proof, [](Attempt& a) { a.change_proof = [](auto& p) { p.clear(); }; }},
          {"two in one field", Kind::proof,
           [](Attempt& a) { a.change_proof = [](auto& p) { p += ", " + p; }; }},
          {"no JWT", Kind::proof,
           [](Attempt& a) { a.change_proof = [](auto& p) { p = "proof"; }; }},
          {"typ JWT", Kind::proof, set_header("typ", "JWT")},
          {"typ in upper case", Kind::proof, set_header("typ", "DPOP+JWT")},
          {"no typ", Kind::proof, [](Attempt& a) { a.proof_header.erase("typ"); }},
          {"alg none", Kind::proof,
           forged({{"alg", "none"}, {"typ", "dpop+jwt"}, {"jwk", client_key().public_jwk()}})},
          {"alg HS256", Kind::proof,
           forged({{"alg", "HS256"}, {"typ", "dpop+jwt"}, {"jwk", client_key().public_jwk()}})},
          {"alg EdDSA", Kind::proof,
           forged({{"alg", "EdDSA"}, {"typ", "dpop+jwt"}, {"jwk", client_key().public_jwk()}})},
          {"alg of another curve", Kind::proof,
           forged({{"alg", "ES384"}, {"typ", "dpop+jwt"}, {"jwk", client_key().public_jwk()}})},
          {"no jwk", Kind::proof, [](Attempt& a) { a.proof_header.erase("jwk"); }},
          {"jwk a text", Kind::proof, set_header("jwk", "key")},
          {"jwk with its private part", Kind::proof, set_header("jwk", client_key().private_jwk())},
          {"jwk off the curve", Kind::proof, set_header("jwk", off_curve)},
          {"crit", Kind::proof, set_header("crit", json::array{})},
          {"signature changed", Kind::proof,
           [](Attempt& a) { a.change_proof = [](auto& p) { p[p.size() - 9] ^= 1; }; }},
          {"by another key than jwk", Kind::proof, [](Attempt& a) { a.proof_key = &other_key(); }},
          {"by a key that is not the token's", Kind::proof,
           [](Attempt& a) {
             a.proof_key = &other_key();
             a.proof_header["jwk"] = other_key().public_jwk();
           }},
          {"no jti", Kind::proof, drop_claim("jti")},
          {"jti empty", Kind::proof, set_claim("jti", "")},
          {"jti a number", Kind::proof, set_claim("jti", 7)},
          {"jti of 6000 characters", Kind::proof, set_claim("jti", std::string(6000, 'j'))},
          {"no htm", Kind::proof, drop_claim("htm")},
          {"htm GET", Kind::proof, set_claim("htm", "GET")},
          {"htm post", Kind::proof, set_claim("htm", "post")},
          {"no htu", Kind::proof, drop_claim("htu")},
          {"another host", Kind::proof, to("https://other.example.no/v1/registrations")},
          {"another port", Kind::proof, to("https://frikort.example.no:444/v1/registrations")},
          {"another scheme", Kind::proof, to("http://frikort.example.no/v1/registrations")},
          {"path in other case", Kind::proof, to("https://frikort.example.no/V1/registrations")},
          {"slash at the end", Kind::proof, to("https://frikort.example.no/v1/registrations/")},
          {"path alone", Kind::proof, to("/v1/registrations")},
          {"a prefix", Kind::proof, to("https://frikort.example.no/v1")},
          {"longer", Kind::proof, to("https://frikort.example.no/v1/registrations/lookup")},
          {"user in front", Kind::proof, to("https://a@frikort.example.no/v1/registrations")},
          {"no iat", Kind::proof, drop_claim("iat")},
          {"iat as text", Kind::proof, set_claim("iat", std::to_string(now_s))},
          {"iat in milliseconds", Kind::proof, set_claim("iat", now_s * 1000)},
          {"two minutes old", Kind::proof, set_claim("iat", now_s - 120)},
          {"just too old", Kind::proof, set_claim("iat", now_s - 61)},
          {"a minute ahead", Kind::proof, set_claim("iat", now_s + 60)},
          {"just too far ahead", Kind::proof, set_claim("iat", now_s + 11)},
          {"no ath", Kind::proof, own_ath(nullptr)},
          {"ath of another token", Kind::proof,
           own_ath(json::string(storage::to_base64url(storage::sha256("other"))))},
      },
      right);
}

TEST(DpopProof, is_as_old_as_its_issuer_allows) {
  const auto is_taken = [](std::int64_t issued_s) {
    Attempt attempt;
    attempt.proof_claims["iat"] = issued_s;
    attempt.change_settings = [](AuthSettings& settings) {
      Issuer& issuer = settings.issuers.front();
      issuer.proof_age_max = std::chrono::seconds{5};
      issuer.proof_leeway = std::chrono::seconds{20};
      EXPECT_EQ(settings.longest_proof_window(), std::chrono::seconds{70}) << "of the others";
      issuer.proof_age_max = std::chrono::seconds{200};
      EXPECT_EQ(settings.longest_proof_window(), std::chrono::seconds{220});
      issuer.proof_age_max = std::chrono::seconds{5};
    };
    return std::holds_alternative<Recognised>(attempt.send());
  };
  EXPECT_TRUE(is_taken(now_s - 5));
  EXPECT_FALSE(is_taken(now_s - 6));
  EXPECT_TRUE(is_taken(now_s + 20));
  EXPECT_FALSE(is_taken(now_s + 21));
}

TEST(DpopProof, takes_proofs_of_all_nine_algorithms) {
  const std::vector<std::pair<std::string_view, TestKey>> keys = {
      {"ES256", TestKey::on_curve("P-256")},
      {"ES384", TestKey::on_curve("P-384")},
      {"ES512", TestKey::on_curve("P-521")},
      {"PS256", helseid_key()},
      {"PS384", helseid_key()},
      {"PS512", helseid_key()},
      {"RS256", helseid_key()},
      {"RS384", helseid_key()},
      {"RS512", helseid_key()}};
  for (const auto& [algorithm, key] : keys) {
    SCOPED_TRACE(algorithm);
    Attempt attempt;
    attempt.claims["cnf"] = json::object{{"jkt", thumbprint_of(key)}};
    attempt.proof_header["alg"] = algorithm;
    attempt.proof_header["jwk"] = key.public_jwk();
    attempt.proof_key = &key;
    const auto judged = attempt.send();
    EXPECT_TRUE(std::holds_alternative<Recognised>(judged)) << std::get<Refusal>(judged).reason;
  }
}

}  // namespace
}  // namespace api::test
