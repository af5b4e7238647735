#include "api/identity/issuer.h"

#include <algorithm>

namespace api {
namespace {

Issuer helseid() {
  Issuer issuer;
  issuer.scheme = Scheme::dpop;
  issuer.algorithms = {"RS256", "RS384", "RS512", "PS256", "PS384",
                       "PS512", "ES256", "ES384", "ES512"};
  issuer.wants_type = true;
  issuer.parties = {
      {"helseid://claims/identity/pid", Register::persons},
      {"helseid://claims/hpr/hpr_number", Register::practitioners},
      {.name = "helseid://claims/client/claims/orgnr_child",
       .parent = "helseid://claims/client/claims/orgnr_parent"},
      {"helseid://claims/client/claims/orgnr_parent", Register::organisations},
  };
  issuer.suppliers = {{"helseid://claims/client/claims/orgnr_supplier", Register::organisations}};
  issuer.level_claim = "helseid://claims/identity/security_level";
  issuer.level_min = 4;
  issuer.roles = {{Role::practice, "frikort:api/practice"},
                  {.role = Role::card_query,
                   .scope = "hdir:frikortsporring/read",
                   .audience = "hdir:frikortsporring"}};
  return issuer;
}

Issuer maskinporten() {
  Issuer issuer;
  issuer.algorithms = {"RS256", "RS384", "RS512"};
  issuer.parties = {{"consumer", Register::organisations, true}};
  issuer.suppliers = {{"supplier", Register::organisations, true}};
  issuer.delegation_sources = {"https://www.altinn.no/"};
  issuer.roles = {
      {Role::practice, "frikort:api/practice"},
      {.role = Role::portal, .scope = "frikort:api/portal", .is_for_listed = true},
      {.role = Role::operations, .scope = "frikort:api/operator", .is_for_listed = true},
      {.role = Role::payout, .scope = "frikort:api/payout", .is_for_listed = true},
      {.role = Role::registry, .scope = "frikort:api/registry", .is_for_listed = true},
  };
  return issuer;
}

Issuer idporten() {
  Issuer issuer;
  issuer.algorithms = {"RS256", "RS384", "RS512"};
  issuer.suppliers = {{"consumer", Register::organisations, true}};
  issuer.person_claim = "pid";
  issuer.roles = {{.role = Role::portal,
                   .scope = "frikort:api/citizen",
                   .is_for_own_person = true,
                   .acr_values = {"idporten-loa-high"}}};
  return issuer;
}

}  // namespace

const Issuer* AuthSettings::find(std::string_view name) const {
  const auto found = std::find_if(issuers.begin(), issuers.end(),
                                  [name](const Issuer& issuer) { return issuer.name == name; });
  return found == issuers.end() ? nullptr : &*found;
}

std::chrono::seconds AuthSettings::proof_age_of(const Issuer& issuer) const {
  return issuer.proof_age_max.value_or(proof_age_max);
}

std::chrono::seconds AuthSettings::proof_leeway_of(const Issuer& issuer) const {
  return issuer.proof_leeway.value_or(proof_leeway);
}

std::chrono::seconds AuthSettings::longest_proof_window() const {
  std::chrono::seconds longest = proof_age_max + proof_leeway;
  for (const Issuer& issuer : issuers) {
    longest = std::max(longest, proof_age_of(issuer) + proof_leeway_of(issuer));
  }
  return longest;
}

std::optional<Issuer> issuer_of_kind(std::string_view kind) {
  if (kind == "helseid") return helseid();
  if (kind == "maskinporten") return maskinporten();
  if (kind == "idporten") return idporten();
  return std::nullopt;
}

}  // namespace api
