#pragma once

#include <algorithm>
#include <boost/json/array.hpp>
#include <functional>

#include "api/identity/authenticate.h"
#include "storage/crypto/base64url.h"
#include "tests/api/identity/jose_maker.h"

// Requests as the three national issuers and their clients make them, for tables of what can be
// wrong with them.

namespace api::test {

namespace json = boost::json;
using Kind = Refusal::Kind;

constexpr std::int64_t now_s = 1'795'900'100;
constexpr std::string_view origin = "https://frikort.example.no";

inline const TestKey& helseid_key() {
  static const TestKey key = TestKey::rsa(2048);
  return key;
}
inline const TestKey& maskinporten_key() {
  static const TestKey key = TestKey::rsa(2048);
  return key;
}
inline const TestKey& client_key() {
  static const TestKey key = TestKey::on_curve("P-256");
  return key;
}
inline const TestKey& other_key() {
  static const TestKey key = TestKey::on_curve("P-256");
  return key;
}

inline std::string thumbprint_of(const TestKey& key) {
  return PublicJwk::from_json(key.public_jwk())->thumbprint();
}

inline AuthSettings settings() {
  AuthSettings settings;
  Issuer helseid = *issuer_of_kind("helseid");
  helseid.name = "https://helseid.test";
  Issuer maskinporten = *issuer_of_kind("maskinporten");
  maskinporten.name = "https://maskinporten.test/";
  Issuer idporten = *issuer_of_kind("idporten");
  idporten.name = "https://idporten.test";
  for (Issuer* const issuer : {&helseid, &maskinporten, &idporten}) {
    issuer->audience = "frikort:api";
  }
  for (RoleRule& rule : maskinporten.roles) {
    if (rule.is_for_listed) rule.organisations = {"974761076"};
  }
  settings.issuers = {helseid, maskinporten, idporten};
  settings.origins = {std::string(origin)};
  settings.blocked_clients = {"blocked-client"};
  settings.blocked_organisations = {"380941813"};
  settings.find_practices = [](Register in, std::string_view number) {
    std::vector<std::string> found;
    if (in == Register::organisations && number == "309538919") found = {"100001", "100002"};
    if (in == Register::organisations && number == "339065284") found = {"100002", "100009"};
    if (in == Register::practitioners && number == "9144897") found = {"100003"};
    if (in == Register::persons && number == "30846619913") found = {"100004"};
    return found;
  };
  settings.describe_practice = [](std::string_view id) {
    return id == "100003" ? PracticeFacts{"Legekontoret", "123456785"} : PracticeFacts();
  };
  return settings;
}

inline KeyRing ring() {
  const auto set = [](const std::string& text) {
    return std::make_shared<const KeySet>(*KeySet::from_json(text));
  };
  json::object encryption = helseid_key().public_jwk("for-encryption");
  encryption["use"] = "enc";
  json::object fixed = helseid_key().public_jwk("fixed");
  fixed["alg"] = "RS256";
  return {{"https://helseid.test",
           set(key_set_text({helseid_key().public_jwk("h1"), encryption, fixed}))},
          {"https://maskinporten.test/", set(key_set_text({maskinporten_key().public_jwk("m1")}))},
          {"https://idporten.test", set(key_set_text({maskinporten_key().public_jwk("i1")}))}};
}

/// Everything that a request is made of; rows of the tables change something of it.
struct Attempt {
  json::object header{{"alg", "RS256"}, {"typ", "at+jwt"}, {"kid", "h1"}};
  json::object claims{{"iss", "https://helseid.test"},
                      {"aud", "frikort:api"},
                      {"exp", now_s + 600},
                      {"nbf", now_s - 10},
                      {"scope", json::array{"frikort:api/practice"}},
                      {"client_id", "client-1"},
                      {"helseid://claims/client/claims/orgnr_child", "309538919"},
                      {"cnf", json::object{{"jkt", thumbprint_of(client_key())}}}};
  const TestKey* key = &helseid_key();
  json::object proof_header{
      {"alg", "ES256"}, {"typ", "dpop+jwt"}, {"jwk", client_key().public_jwk()}};
  json::object proof_claims{{"jti", "proof-1"},
                            {"htm", "POST"},
                            {"htu", std::string(origin) + "/v1/registrations"},
                            {"iat", now_s - 1}};
  const TestKey* proof_key = &client_key();
  bool has_own_ath = false;
  std::string scheme = "DPoP";
  std::string target = "/v1/registrations?dryRun=true";
  std::function<void(std::string&)> change_token{};
  std::function<void(std::string&)> change_proof{};
  std::function<void(AuthSettings&)> change_settings{};

  Judged<Recognised> send(bool has_several = false) {
    std::string token = key->sign(header, claims);
    if (change_token) change_token(token);
    if (!has_own_ath) proof_claims["ath"] = storage::to_base64url(storage::sha256(token));
    std::string proof = proof_key->sign(proof_header, proof_claims);
    if (change_proof) change_proof(proof);
    const std::string field = scheme + ' ' + token;
    AuthSettings changed = settings();
    if (change_settings) change_settings(changed);
    return authenticate({field, scheme == "Bearer" ? "" : proof, has_several}, {"POST", target},
                        changed, ring(), now_s);
  }
};

/// By a machine, with a token of Maskinporten.
inline Attempt by_machine(std::string_view scope = "frikort:api/practice",
                          std::string_view organisation = "309538919") {
  Attempt attempt;
  attempt.header = {{"alg", "RS256"}, {"kid", "m1"}};
  attempt.claims = {{"iss", "https://maskinporten.test/"},
                    {"aud", "frikort:api"},
                    {"exp", now_s + 120},
                    {"scope", scope},
                    {"client_id", "client-2"},
                    {"consumer", json::object{{"authority", "iso6523-actorid-upis"},
                                              {"ID", "0192:" + std::string(organisation)}}}};
  attempt.key = &maskinporten_key();
  attempt.scheme = "Bearer";
  return attempt;
}

inline Attempt by_citizen() {
  Attempt attempt = by_machine();
  attempt.header["kid"] = "i1";
  attempt.claims = {{"iss", "https://idporten.test"},
                    {"aud", "frikort:api"},
                    {"exp", now_s + 600},
                    {"scope", "openid profile frikort:api/citizen"},
                    {"acr", "idporten-loa-high"},
                    {"pid", "05859047760"}};
  return attempt;
}

inline Attempt right() { return Attempt(); }

}  // namespace api::test
