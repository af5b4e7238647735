// Tokens, proofs and key sets from anybody. The first byte says what the rest is:
//   k  a key set: what is taken of it is found again by its name
//   t  the field `Authorization`: nobody is let in, for no key has signed it
//   p  the field `DPoP` beside a good token: likewise
//   s  claims, which a trusted key signs: who is let in has what the settings want, read by hand

#include <boost/json/parse.hpp>
#include <string>
#include <string_view>

#include "api/identity/authenticate.h"
#include "api/identity/jws.h"
#include "ledger/values/assert.h"
#include "tests/api/identity/attempt.h"

namespace {

using api::Refusal;
using api::test::Attempt;

namespace json = boost::json;

/// The same for every input; the keys are new with each process, so no kept input is signed by one.
const api::AuthSettings& settings() {
  static const api::AuthSettings made = [] {
    api::AuthSettings settings = api::test::settings();
    for (api::Issuer& issuer : settings.issuers) issuer.algorithms.emplace_back("ES256");
    return settings;
  }();
  return made;
}

const api::KeyRing& ring() {
  static const api::KeyRing made = [] {
    const std::string text = api::test::key_set_text({api::test::client_key().public_jwk("h1")});
    const auto keys = std::make_shared<const api::KeySet>(*api::KeySet::from_json(text));
    api::KeyRing ring;
    for (const api::Issuer& issuer : settings().issuers) ring[issuer.name] = keys;
    return ring;
  }();
  return made;
}

api::Judged<api::Recognised> judge(std::string_view authorization, std::string_view proof) {
  return api::authenticate({authorization, proof, false}, {"POST", "/v1/registrations"}, settings(),
                           ring(), api::test::now_s);
}

bool is_refused(const api::Judged<api::Recognised>& judged) {
  return std::holds_alternative<Refusal>(judged);
}

void read_key_set(std::string_view text) {
  const auto set = api::KeySet::from_json(text);
  if (!set) return;
  boost::system::error_code error;
  const json::value root = json::parse({text.data(), text.size()}, error);
  LEDGER_ASSERT(!error && root.is_object());
  for (const json::value& key : root.at("keys").as_array()) {
    const json::value* const name = key.is_object() ? key.get_object().if_contains("kid") : nullptr;
    if (name == nullptr || !name->is_string()) continue;
    const auto* const found = set->find(api::view_of(name->get_string()));
    LEDGER_ASSERT(found == nullptr || found->thumbprint().size() == 43);
    LEDGER_ASSERT(found == nullptr || !found->fits("none"));
  }
}

/// By a client that holds a good token.
void read_proof(std::string_view proof) {
  static const std::string token = [] {
    Attempt attempt;
    attempt.header["alg"] = "ES256";
    return api::test::client_key().sign(attempt.header, attempt.claims);
  }();
  LEDGER_ASSERT(is_refused(judge("DPoP " + token, proof)));
}

bool has_audience(const json::value& audience) {
  if (audience.is_string()) return audience.get_string() == "frikort:api";
  bool is_there = false;
  for (const json::value& one : audience.as_array()) is_there |= one == json::value("frikort:api");
  return is_there;
}

void read_claims(std::string_view text) {
  boost::system::error_code error;
  json::value claims = json::parse({text.data(), text.size()}, error);
  if (error || !claims.is_object()) return;
  // The key is new, so no input can name it.
  json::value* const binding = claims.get_object().if_contains("cnf");
  if (binding != nullptr && binding->is_object()) {
    binding->get_object()["jkt"] = api::test::thumbprint_of(api::test::client_key());
  }
  const std::string token = api::test::client_key().sign(
      {{"alg", "ES256"}, {"kid", "h1"}, {"typ", "at+jwt"}}, claims.get_object());
  Attempt attempt;
  attempt.proof_claims["ath"] = storage::to_base64url(storage::sha256(token));
  const std::string proof =
      api::test::client_key().sign(attempt.proof_header, attempt.proof_claims);
  for (const std::string_view scheme : {"DPoP ", "Bearer "}) {
    const auto judged = judge(std::string(scheme) + token, scheme == "DPoP " ? proof : "");
    if (is_refused(judged)) continue;
    const json::object& read = claims.get_object();
    LEDGER_ASSERT(settings().find(api::view_of(read.at("iss").as_string())) != nullptr);
    LEDGER_ASSERT(has_audience(read.at("aud")));
    LEDGER_ASSERT(read.at("exp").to_number<double>() > api::test::now_s - 10);
    LEDGER_ASSERT(read.contains("cnf") == (scheme == "DPoP "));
    LEDGER_ASSERT(!std::get<api::Recognised>(judged).caller.roles.is_empty());
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (*data == 'k') read_key_set(rest);
  if (*data == 't') LEDGER_ASSERT(is_refused(judge(rest, "")));
  if (*data == 'p') read_proof(rest);
  if (*data == 's') read_claims(rest);
  return 0;
}
