#include "api/identity/roles.h"

#include <algorithm>

namespace api {
namespace {

bool is_one_of(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string_view organisation_of(const AccessToken& token) {
  return token.party.in == Register::organisations ? std::string_view(token.party.number)
                                                   : std::string_view();
}

/// Why nobody may use this token now, whatever its scopes; empty when somebody may.
std::string_view fault_of(const AccessToken& token, const Issuer& issuer,
                          const AuthSettings& settings) {
  if (is_one_of(settings.blocked_clients, token.client_id)) return "client is blocked";
  const std::string_view organisation = organisation_of(token);
  if (!organisation.empty() && is_one_of(settings.blocked_organisations, organisation)) {
    return "organisation is blocked";
  }
  if (token.has_supplier && !is_one_of(issuer.delegation_sources, token.delegation_source)) {
    return "supplier without delegation that is trusted";
  }
  return {};
}

/// Whether the token meets what the rule wants besides the scope.
bool meets(const AccessToken& token, const Issuer& issuer, const RoleRule& rule) {
  const bool has_acr = rule.acr_values.empty() || is_one_of(rule.acr_values, token.acr);
  if (!has_acr) return false;
  if (rule.is_for_own_person) return !token.person.empty();
  if (rule.is_for_listed) return is_one_of(rule.organisations, organisation_of(token));
  if (rule.role != Role::practice) return true;
  const bool is_logged_in = token.party.in != Register::organisations;
  return !token.party.number.empty() && (!is_logged_in || token.level >= issuer.level_min);
}

/// No number of a person: the name goes into logs.
std::string name_of(const AccessToken& token) {
  std::string name = token.client_id.empty() ? "a client" : token.client_id;
  const std::string_view organisation = organisation_of(token);
  if (!organisation.empty()) name.append(" for ").append(organisation);
  return name;
}

/// Who a person is told has asked: the practice as it is registered, else what the token says.
void name_organisation(Caller& caller, const AccessToken& token, const AuthSettings& settings) {
  PracticeFacts facts;
  if (caller.practices && !caller.practices->empty() && settings.describe_practice) {
    facts = settings.describe_practice(caller.practices->front());
  }
  caller.organisation = facts.name.empty() ? token.client_name : facts.name;
  const std::string_view organisation = organisation_of(token);
  caller.organisation_number =
      organisation.empty() ? facts.organisation_number : std::string(organisation);
}

}  // namespace

Judged<Caller> caller_of(const AccessToken& token, const AuthSettings& settings) {
  const Issuer* const issuer = settings.find(token.issuer);
  if (issuer == nullptr) return Refusal{Refusal::Kind::token, "unknown issuer"};
  const std::string_view fault = fault_of(token, *issuer, settings);
  if (!fault.empty()) return Refusal{Refusal::Kind::not_allowed, fault};
  Caller caller;
  caller.name = name_of(token);
  caller.client = issuer->name + ' ' + token.client_id;
  bool has_scope = false;
  bool sees_everybody = false;
  for (const RoleRule& rule : issuer->roles) {
    if (!token.has_scope(rule.scope)) continue;
    has_scope = true;
    if (!meets(token, *issuer, rule)) continue;
    caller.roles.add(rule.role);
    if (rule.role == Role::portal && !rule.is_for_own_person) sees_everybody = true;
    if (rule.role == Role::portal && rule.is_for_own_person) caller.only_person = token.person;
  }
  if (!has_scope) return Refusal{Refusal::Kind::scope, "no scope of a role"};
  if (caller.roles.is_empty()) {
    return Refusal{Refusal::Kind::not_allowed, "conditions of the role are not met"};
  }
  if (sees_everybody) caller.only_person.clear();
  // Operators act for every practice.
  if (!caller.roles.has(Role::operations)) {
    auto practices = std::make_shared<std::vector<std::string>>();
    if (caller.roles.has(Role::practice) && settings.find_practices) {
      *practices = settings.find_practices(token.party.in, token.party.number);
    }
    caller.practices = std::move(practices);
  }
  // Citizens who look at what is theirs are no organisation.
  if (caller.only_person.empty()) name_organisation(caller, token, settings);
  return caller;
}

}  // namespace api
