#include "api/identity/access_token.h"

#include <algorithm>

#include "api/identity/jws.h"
#include "ledger/values/national_id.h"
#include "ledger/values/practice_numbers.h"

namespace api {
namespace {

namespace json = boost::json;

constexpr std::string_view iso6523_authority = "iso6523-actorid-upis";
constexpr std::string_view iso6523_norway = "0192:";

bool is_one_of(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

Refusal refuse(std::string_view reason) { return {Refusal::Kind::token, reason}; }

std::string text_of(const json::object& claims, std::string_view name) {
  const json::string* const text = text_member(claims, name);
  return text == nullptr ? std::string() : std::string(view_of(*text));
}

/// For logs: bounded, and without characters that could be anything else there.
std::string name_of(const json::object& claims, std::string_view name) {
  std::string text = text_of(claims, name).substr(0, token_name_bytes_max);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

/// `typ` as the table of the national documents has it: a token that could be something else for
/// somebody else is refused (RFC 8725, 3.11).
bool is_token_type(const Jws& jws, const Issuer& issuer) {
  if (jws.type.empty()) return !issuer.wants_type && !jws.header.contains("typ");
  const std::string type = media_type(jws.type);
  return type == "at+jwt" || type == "jwt";
}

/// The audiences of the issuer's that the token is for.
std::vector<std::string> audiences_of(const json::object& claims, const Issuer& issuer) {
  std::vector<std::string> named;
  if (const json::string* const one = text_member(claims, "aud")) {
    named.emplace_back(view_of(*one));
  } else if (auto several = list_member(claims, "aud")) {
    named = std::move(*several);
  }
  std::erase_if(named, [&issuer](const std::string& audience) {
    return audience != issuer.audience &&
           std::none_of(issuer.roles.begin(), issuer.roles.end(),
                        [&](const RoleRule& rule) { return rule.audience == audience; });
  });
  std::erase(named, std::string());
  return named;
}

/// Why the times of the token do not let it in; empty when they do.
std::string_view fault_of_times(const json::object& claims, std::int64_t now_s,
                                std::int64_t leeway_s) {
  const auto expires = time_member(claims, "exp");
  if (!expires) return "no time of expiry";
  if (*expires + leeway_s <= now_s) return "expired";
  const auto begins = time_member(claims, "nbf");
  if (claims.contains("nbf") && !begins) return "begins at no time";
  if (begins && *begins - leeway_s > now_s) return "not valid yet";
  return {};
}

/// `0192:309538919` in an object that names the register (ISO 6523); another is no organisation.
std::string_view iso6523_number(const json::object& party) {
  const json::string* const authority = text_member(party, "authority");
  const json::string* const id = text_member(party, "ID");
  if (authority == nullptr || view_of(*authority) != iso6523_authority || id == nullptr) return {};
  const std::string_view number = view_of(*id);
  return number.starts_with(iso6523_norway) ? number.substr(iso6523_norway.size())
                                            : std::string_view();
}

/// The claims of a token, read as the settings of its issuer say where things stand.
class Claims {
 public:
  Claims(const json::object& claims, const Issuer& issuer, ledger::NumberSeries series)
      : claims_(claims), issuer_(issuer), series_(series) {}

  TokenParty party(Surface surface) const {
    for (const PartyClaim& claim : issuer_.parties) {
      if (surface == Surface::national && claim.in == Register::practitioners) continue;
      const json::value* const value = claims_.if_contains(claim.name);
      if (value == nullptr) continue;
      TokenParty party{claim.in, number_of(*value, claim), true};
      if (issuer_.is_parent_required && !claim.parent.empty()) {
        const json::value* const parent = claims_.if_contains(claim.parent);
        party.parent = parent == nullptr ? std::string() : number_of(*parent, claim);
      }
      return party;
    }
    return {};
  }

  /// All organisations that the token names, whoever of them the caller acts for.
  std::vector<std::string> organisations() const {
    std::vector<PartyClaim> named = issuer_.parties;
    named.insert(named.end(), issuer_.suppliers.begin(), issuer_.suppliers.end());
    std::vector<std::string> found;
    for (const PartyClaim& claim : named) {
      const json::value* const value = claims_.if_contains(claim.name);
      if (value == nullptr || claim.in != Register::organisations) continue;
      std::string number = number_of(*value, claim);
      if (!number.empty()) found.push_back(std::move(number));
    }
    return found;
  }

  /// The national number of who has logged in; empty: nobody, or it is none.
  std::string person() const {
    if (issuer_.person_claim.empty()) return {};
    std::string person = text_of(claims_, issuer_.person_claim);
    return has_form(person, Register::persons) ? person : std::string();
  }

  TokenDetails details() const {
    return {.client_name = name_of(claims_, "helseid://claims/client/client_name"),
            .token_id = name_of(claims_, "jti"),
            .main_unit = main_unit(),
            .supplier = number_in(issuer_.suppliers, Register::organisations),
            .hpr_number = number_in(issuer_.parties, Register::practitioners),
            .practitioner = number_in(issuer_.parties, Register::persons)};
  }

 private:
  bool has_form(std::string_view number, Register in) const {
    switch (in) {
      case Register::organisations:
        return ledger::is_organisation_number(number);
      case Register::practitioners:
        return ledger::is_hpr_number(number);
      case Register::persons:
        return ledger::NationalId::parse(number, series_).has_value();
    }
    return false;
  }

  /// The number that the claim has; empty when it is none.
  std::string number_of(const json::value& value, const PartyClaim& claim) const {
    std::string_view number;
    if (claim.is_iso6523) {
      if (value.is_object()) number = iso6523_number(value.get_object());
    } else if (value.is_string()) {
      number = view_of(value.get_string());
    }
    return has_form(number, claim.in) ? std::string(number) : std::string();
  }

  /// The number in the first of these claims that is there and of this register, whoever decides.
  std::string number_in(const std::vector<PartyClaim>& named, Register in) const {
    for (const PartyClaim& claim : named) {
      const json::value* const value = claims_.if_contains(claim.name);
      if (value != nullptr && claim.in == in) return number_of(*value, claim);
    }
    return {};
  }

  /// Of the first claim that may have a main unit.
  std::string main_unit() const {
    for (const PartyClaim& claim : issuer_.parties) {
      const json::value* const value = claims_.if_contains(claim.parent);
      if (value != nullptr && !claim.parent.empty()) return number_of(*value, claim);
    }
    return {};
  }

  const json::object& claims_;
  const Issuer& issuer_;
  const ledger::NumberSeries series_;
};

/// One of the four levels, which HelseID writes as a text; 0 when it is none.
std::int64_t level_of(const json::object& claims, const std::string& name) {
  const std::string text = name.empty() ? std::string() : text_of(claims, name);
  return text.size() == 1 && text[0] >= '1' && text[0] <= '4' ? text[0] - '0' : 0;
}

/// Whether somebody works for the caller by a delegation (Maskinporten): to other issuers the claim
/// means nothing.
bool has_supplier(const json::object& claims, const Issuer& issuer) {
  constexpr std::string_view delegated = "supplier";
  return claims.contains(delegated) &&
         std::any_of(issuer.suppliers.begin(), issuer.suppliers.end(),
                     [&](const PartyClaim& claim) { return claim.name == delegated; });
}

/// The key that the token is bound to (RFC 9449, 6).
void read_binding(const json::object& claims, AccessToken& token) {
  const json::value* const binding = claims.if_contains("cnf");
  if (binding == nullptr) return;
  if (const json::object* const object = binding->if_object()) {
    token.thumbprint = text_of(*object, "jkt");
  }
  token.is_bound_otherwise = token.thumbprint.empty();
}

AccessToken token_of(const Jws& jws, const Issuer& issuer, ledger::NumberSeries series) {
  const json::object& claims = jws.payload;
  const Claims read(claims, issuer, series);
  AccessToken token;
  token.issuer = issuer.name;
  token.key_id = jws.key_id;
  token.expires_s = time_member(claims, "exp").value_or(0);
  read_binding(claims, token);
  token.audiences = audiences_of(claims, issuer);
  token.scopes = list_member(claims, "scope").value_or(std::vector<std::string>());
  token.client_id = name_of(claims, "client_id");
  token.raw_client_id = text_of(claims, "client_id");
  token.acr = text_of(claims, "acr");
  token.party = read.party(Surface::native);
  token.query_party = read.party(Surface::national);
  token.organisations = read.organisations();
  token.person = read.person();
  token.level = level_of(claims, issuer.level_claim);
  token.has_level = claims.contains(issuer.level_claim);
  token.details = std::make_shared<const TokenDetails>(read.details());
  token.has_supplier = has_supplier(claims, issuer);
  token.delegation_source = text_of(claims, "delegation_source");
  return token;
}

}  // namespace

bool AccessToken::has_scope(std::string_view scope) const { return is_one_of(scopes, scope); }

bool AccessToken::is_for(std::string_view audience) const { return is_one_of(audiences, audience); }

Judged<AccessToken> verify_access_token(std::string_view compact, const AuthSettings& settings,
                                        const KeyRing& keys, std::int64_t now_s) {
  const auto jws = parse_jws(compact, token_bytes_max);
  if (!jws) return refuse("not a signed token");
  const json::string* const name = text_member(jws->payload, "iss");
  const Issuer* const issuer = name == nullptr ? nullptr : settings.find(view_of(*name));
  if (issuer == nullptr) return refuse("unknown issuer");
  if (!is_one_of(issuer->algorithms, jws->algorithm)) return refuse("algorithm not allowed");
  if (jws->has_critical) return refuse("critical extension");
  if (!is_token_type(*jws, *issuer)) return refuse("not an access token by its type");
  if (jws->key_id.empty()) return refuse("no key named");
  const auto ring = keys.find(issuer->name);
  if (ring == keys.end()) return Refusal{Refusal::Kind::no_keys, "no keys of the issuer"};
  const PublicJwk* const key = ring->second->find(jws->key_id);
  if (key == nullptr) return Refusal{Refusal::Kind::unknown_key, "unknown key"};
  if (!key->fits(jws->algorithm)) return refuse("key and algorithm do not fit");
  if (!key->has_signed(compact, jws->algorithm)) return refuse("signature does not fit");
  AccessToken token = token_of(*jws, *issuer, settings.series);
  if (token.audiences.empty() && !issuer->is_audience_waived) return refuse("for another audience");
  const std::string_view fault = fault_of_times(jws->payload, now_s, issuer->leeway.count());
  if (!fault.empty()) return refuse(fault);
  return token;
}

}  // namespace api
