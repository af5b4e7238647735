#include "api/identity/roles.h"

#include <algorithm>

namespace api {
namespace {

bool is_one_of(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string_view organisation_of(const TokenParty& party) {
  return party.in == Register::organisations ? std::string_view(party.number) : std::string_view();
}

/// The practices that the party is, by the registry.
PracticeList practices_of(const TokenParty& party, const AuthSettings& settings) {
  auto found = std::make_shared<std::vector<std::string>>();
  if (!settings.find_practices) return found;
  *found = settings.find_practices(party.in, party.number);
  if (!party.parent) return found;
  const std::vector<std::string> of_parent =
      party.parent->empty() ? std::vector<std::string>()
                            : settings.find_practices(Register::organisations, *party.parent);
  std::erase_if(*found,
                [&](const std::string& practice) { return !is_one_of(of_parent, practice); });
  return found;
}

/// Why nobody may use this token now, whatever its scopes; empty when somebody may.
std::string_view fault_of(const AccessToken& token, const Issuer& issuer,
                          const AuthSettings& settings) {
  if (is_one_of(settings.blocked_clients, token.raw_client_id)) return "client is blocked";
  for (const std::string& organisation : token.organisations) {
    if (is_one_of(settings.blocked_organisations, organisation)) return "organisation is blocked";
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
  if (rule.is_for_listed) return is_one_of(rule.organisations, organisation_of(token.party));
  if (rule.role != Role::practice) return true;
  const bool is_logged_in = token.party.in != Register::organisations;
  return !token.party.number.empty() && (!is_logged_in || token.level >= issuer.level_min);
}

/// No number of a person: the name goes into logs.
std::string name_of(const AccessToken& token, Surface surface) {
  std::string name = token.client_id.empty() ? "a client" : token.client_id;
  const std::string_view organisation = organisation_of(token.party_on(surface));
  if (!organisation.empty()) name.append(" for ").append(organisation);
  return name;
}

/// Who a person is told has asked: the practice as it is registered, else what the token says.
void name_organisation(Caller& caller, const AccessToken& token, const AuthSettings& settings,
                       Surface surface) {
  PracticeFacts facts;
  if (caller.own_practices && settings.describe_practice) {
    for (const std::string& practice : *caller.own_practices) {
      facts = settings.describe_practice(practice);
      if (!facts.name.empty()) break;
    }
  }
  // On the national surface nobody but the register says what somebody is called.
  const bool is_named_by_token = facts.name.empty() && surface == Surface::native;
  caller.organisation = is_named_by_token ? token.details->client_name : facts.name;
  const std::string_view organisation = organisation_of(token.party_on(surface));
  caller.organisation_number =
      organisation.empty() ? facts.organisation_number : std::string(organisation);
}

/// Who has a role of ours.
Judged<Caller> native_caller(Caller caller, const AccessToken& token, const Issuer& issuer,
                             const AuthSettings& settings) {
  bool has_scope = false;
  bool sees_everybody = false;
  for (const RoleRule& rule : issuer.roles) {
    if (rule.role == Role::card_query || !token.has_scope(rule.scope)) continue;
    has_scope = true;
    if (!meets(token, issuer, rule)) continue;
    caller.roles.add(rule.role);
    if (rule.role == Role::portal && !rule.is_for_own_person) sees_everybody = true;
    if (rule.role == Role::portal && rule.is_for_own_person) caller.only_person = token.person;
  }
  if (!has_scope) return Refusal{Refusal::Kind::scope, "no scope of a role"};
  if (caller.roles.is_empty()) {
    return Refusal{Refusal::Kind::not_allowed, "conditions of the role are not met"};
  }
  if (sees_everybody) caller.only_person.clear();
  const bool is_practice = caller.roles.has(Role::practice);
  caller.own_practices = is_practice ? practices_of(token.party, settings)
                                     : std::make_shared<const std::vector<std::string>>();
  // Operators act for every practice.
  if (!caller.roles.has(Role::operations)) caller.practices = caller.own_practices;
  // Citizens who look at what is theirs are no organisation.
  if (caller.only_person.empty()) name_organisation(caller, token, settings, Surface::native);
  return caller;
}

/// Who asks the national card query. That nobody is named is judged later: after that the client's
/// own test of its integration tells of it instead of refusing.
Judged<Caller> query_caller(Caller caller, const AccessToken& token, const Issuer& issuer,
                            const AuthSettings& settings) {
  const bool has_scope =
      std::any_of(issuer.roles.begin(), issuer.roles.end(), [&token](const RoleRule& rule) {
        return rule.role == Role::card_query && token.is_for(rule.audience) &&
               token.has_scope(rule.scope);
      });
  if (!has_scope) return Refusal{Refusal::Kind::scope, "no scope of the card query"};
  caller.roles.add(Role::card_query);
  const TokenParty& party = token.query_party;
  const bool is_too_low =
      party.in == Register::persons && token.has_level && token.level < issuer.level_min;
  caller.is_nobody = party.number.empty() || is_too_low;
  caller.own_practices = caller.is_nobody ? std::make_shared<const std::vector<std::string>>()
                                          : practices_of(party, settings);
  caller.practices = caller.own_practices;
  name_organisation(caller, token, settings, Surface::national);
  return caller;
}

}  // namespace

std::string client_of(const AccessToken& token) { return token.issuer + ' ' + token.client_id; }

Judged<Caller> caller_of(const AccessToken& token, const AuthSettings& settings, Surface surface) {
  const Issuer* const issuer = settings.find(token.issuer);
  if (issuer == nullptr) return Refusal{Refusal::Kind::token, "unknown issuer"};
  const std::string_view fault = fault_of(token, *issuer, settings);
  if (!fault.empty()) return Refusal{Refusal::Kind::not_allowed, fault};
  Caller caller;
  caller.name = name_of(token, surface);
  caller.client = client_of(token);
  caller.details = token.details;
  return surface == Surface::national ? query_caller(std::move(caller), token, *issuer, settings)
                                      : native_caller(std::move(caller), token, *issuer, settings);
}

}  // namespace api
