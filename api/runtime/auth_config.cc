#include "api/runtime/auth_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/http/address.h"
#include "api/identity/jwk.h"
#include "api/identity/target_url.h"
#include "api/program/usage_error.h"
#include "ledger/records/registry_event.h"
#include "ledger/values/practice_numbers.h"

namespace api {
namespace {

constexpr std::int64_t hour_s = 3600;
constexpr std::int64_t rate_max = 1'000'000'000;

struct RoleName {
  std::string_view name;
  Role role;
  bool is_for_own_person;
};
constexpr std::array<RoleName, 7> role_names{{{"practice", Role::practice, false},
                                              {"portal", Role::portal, false},
                                              {"citizen", Role::portal, true},
                                              {"operator", Role::operations, false},
                                              {"payout", Role::payout, false},
                                              {"registry", Role::registry, false},
                                              {"national", Role::card_query, false}}};

void require_organisations(TableReader& reader, std::string_view key,
                           const std::vector<std::string>& numbers) {
  for (const std::string& number : numbers) {
    if (ledger::is_organisation_number(number)) continue;
    reader.fault(key,
                 "wants organisation numbers: nine digits, the last of which checks the others");
    return;
  }
}

void read_public(TableReader& reader, Config& config) {
  PublicAddress& address = config.address;
  address.url = reader.text("url");
  address.origins = reader.texts("origins");
  if (!address.url.empty() && !is_web_address(address.url)) {
    reader.fault(
        "url",
        "wants an address such as \"https://frikort.example\", without a slash at its end; "
        "remedy: write it so, or leave the line out");
  }
  for (const std::string& origin : address.origins) {
    if (is_web_origin(origin)) continue;
    reader.fault("origins",
                 "wants addresses without a path, such as \"https://frikort.example\"; remedy: "
                 "write them so, or leave the line out");
  }
  for (const std::string& origin : call_origins(address)) {
    if (const auto normal = normal_origin(origin)) config.auth.origins.push_back(*normal);
  }
}

void read_tls(TableReader& reader, TlsSettings& tls) {
  tls.certificate_file = reader.required_text("certificate");
  tls.key_file = reader.required_text("key");
  tls.client_ca_file = reader.text("client_ca");
}

std::chrono::seconds read_proof_age(TableReader& reader) {
  return std::chrono::seconds{reader.number("proof_age_s", 1, hour_s, 60)};
}
std::chrono::seconds read_proof_leeway(TableReader& reader) {
  return std::chrono::seconds{reader.number("proof_leeway_s", 0, 300, 10)};
}

void read_auth(TableReader& reader, AuthSettings& auth) {
  auth.proof_age_max = read_proof_age(reader);
  auth.proof_leeway = read_proof_leeway(reader);
  auth.proofs_max =
      static_cast<std::size_t>(reader.number("proofs_max", 1, 100'000'000, 1'000'000));
  auth.cached_tokens_max =
      static_cast<std::size_t>(reader.number("cached_tokens_max", 1, 10'000'000, 10'000));
  auth.blocked_clients = reader.texts("blocked_clients");
  auth.blocked_organisations = reader.texts("blocked_organisations");
  require_organisations(reader, "blocked_organisations", auth.blocked_organisations);
}

void read_metrics(TableReader& reader, Config& config) {
  config.metrics_listen = reader.required_text("listen");
  if (config.metrics_listen.empty()) return;
  try {
    parse_listen(config.metrics_listen);
  } catch (const UsageError&) {
    reader.fault("listen", "wants an IP address and a port, such as \"127.0.0.1:9100\"");
  }
}

void read_log(TableReader& reader, Config& config) {
  const auto level = log_level_named(reader.required_text("level"));
  if (level) {
    config.log_level = *level;
  } else {
    reader.fault("level", "wants debug, info, warning or error");
  }
}

Rate read_rate(TableReader& reader, std::string_view name) {
  const auto per_second = reader.number(fmt::format("{}_per_s", name), 0, rate_max, 0);
  const auto burst = reader.number(fmt::format("{}_burst", name), 1, rate_max,
                                   std::max<std::int64_t>(per_second, 1));
  return {static_cast<std::uint64_t>(per_second), static_cast<std::uint64_t>(burst)};
}

void read_rates(TableReader& reader, Rates& rates) {
  rates.client_requests = read_rate(reader, "client_requests");
  rates.client_items = read_rate(reader, "client_items");
  rates.practice_requests = read_rate(reader, "practice_requests");
  rates.practice_items = read_rate(reader, "practice_items");
}

/// Takes the place of the rule that the kind of issuer has for the role.
void read_role(TableReader& reader, std::vector<RoleRule>& rules) {
  const std::string name = reader.required_text("role");
  const auto* const known = std::find_if(role_names.begin(), role_names.end(),
                                         [&](const RoleName& role) { return role.name == name; });
  if (known == role_names.end()) {
    if (!name.empty()) {
      reader.fault("role",
                   "wants practice, portal, citizen, operator, payout, registry or national");
    }
    return;
  }
  const auto is_same = [known](const RoleRule& rule) {
    return rule.role == known->role && rule.is_for_own_person == known->is_for_own_person;
  };
  const auto place = std::find_if(rules.begin(), rules.end(), is_same);
  RoleRule rule = place == rules.end() ? RoleRule{known->role, ""} : *place;
  rule.is_for_own_person = known->is_for_own_person;
  rule.scope =
      place == rules.end() ? reader.required_text("scope") : reader.text("scope", rule.scope);
  rule.audience = reader.text("audience", rule.audience);
  if (rule.role == Role::card_query && rule.audience.empty()) {
    reader.fault("audience", "is missing; remedy: audience = \"hdir:frikortsporring\"");
  }
  if (rule.role != Role::card_query && !rule.audience.empty()) {
    reader.fault("audience", "goes with the role national; others have that of the issuer");
  }
  rule.acr_values = reader.texts("acr", rule.acr_values);
  rule.organisations = reader.texts("organisations", rule.organisations);
  rule.is_for_listed = rule.is_for_listed || reader.has("organisations");
  require_organisations(reader, "organisations", rule.organisations);
  if (place == rules.end()) {
    rules.push_back(std::move(rule));
  } else {
    *place = std::move(rule);
  }
}

void read_keys(TableReader& reader, std::string_view kind, Issuer& issuer) {
  KeySource& keys = issuer.keys;
  keys.ca_file = reader.text("ca_file");
  keys.keys_file = reader.text("keys_file");
  keys.metadata_file = reader.text("metadata_file");
  std::string base = issuer.name;
  if (base.ends_with('/')) base.pop_back();
  const bool is_maskinporten = kind == "maskinporten";
  keys.metadata_url =
      reader.text("metadata", base + (is_maskinporten ? "/.well-known/oauth-authorization-server"
                                                      : "/.well-known/openid-configuration"));
  const bool is_over_https = keys.keys_file.empty() && keys.metadata_file.empty();
  if (is_over_https && !keys.metadata_url.starts_with("https://")) {
    reader.fault("metadata", "wants an https:// address; remedy: correct it, or name a keys_file");
  }
}

void read_scheme(TableReader& reader, Issuer& issuer) {
  const std::string scheme = reader.text("scheme");
  if (scheme == "DPoP") issuer.scheme = Scheme::dpop;
  if (scheme == "Bearer") issuer.scheme = Scheme::bearer;
  if (!scheme.empty() && scheme != "DPoP" && scheme != "Bearer") {
    reader.fault("scheme", "wants \"DPoP\" or \"Bearer\"");
  }
}

void read_algorithms(TableReader& reader, Issuer& issuer) {
  issuer.algorithms = reader.texts("algorithms", issuer.algorithms);
  const bool are_known = std::all_of(issuer.algorithms.begin(), issuer.algorithms.end(),
                                     [](const auto& name) { return is_signature_algorithm(name); });
  if (!are_known || issuer.algorithms.empty()) {
    reader.fault("algorithms", "wants some of ES256, PS256, RS256 and their 384 and 512");
  }
}

void read_issuer(TableReader& reader, const std::string& name, ConfigFaults& faults,
                 Config& config) {
  const std::string kind = reader.required_text("kind");
  auto read = issuer_of_kind(kind);
  if (!read) {
    if (!kind.empty()) reader.fault("kind", "wants helseid, maskinporten or idporten");
    return;
  }
  Issuer& issuer = *read;
  issuer.name = reader.required_text("issuer");
  if (issuer.name.size() > issuer_name_bytes_max) {
    reader.fault("issuer", fmt::format("wants at most {} bytes", issuer_name_bytes_max));
  }
  if (config.auth.find(issuer.name) != nullptr) reader.fault("issuer", "stands there twice");
  issuer.is_audience_waived = !reader.flag("audience_required", true);
  issuer.audience =
      issuer.is_audience_waived ? reader.text("audience") : reader.required_text("audience");
  issuer.leeway = std::chrono::seconds{reader.number("leeway_s", 0, 300, 10)};
  if (reader.has("proof_age_s")) issuer.proof_age_max = read_proof_age(reader);
  if (reader.has("proof_leeway_s")) issuer.proof_leeway = read_proof_leeway(reader);
  issuer.is_parent_required = reader.flag("parent_required", false);
  issuer.level_min = reader.number("security_level_min", 0, 4, issuer.level_min);
  issuer.delegation_sources = reader.texts("delegation_sources", issuer.delegation_sources);
  read_keys(reader, kind, issuer);
  read_scheme(reader, issuer);
  read_algorithms(reader, issuer);
  std::size_t number = 0;
  for (const toml::table* const table : reader.tables("roles")) {
    TableReader role(*table, fmt::format("{}.roles[{}]", name, number++), faults);
    read_role(role, issuer.roles);
    role.finish();
  }
  config.auth.issuers.push_back(std::move(issuer));
}

void read_practice(TableReader& reader, Config& config) {
  KnownPractice practice;
  practice.id = reader.required_text("id");
  practice.name = reader.text("name");
  if (practice.name.size() > ledger::practice_name_bytes_max) {
    reader.fault("name", fmt::format("wants at most {} bytes", ledger::practice_name_bytes_max));
  }
  practice.organisations = reader.texts("organisations");
  practice.practitioners = reader.texts("hpr_numbers");
  require_organisations(reader, "organisations", practice.organisations);
  for (const std::string& number : practice.practitioners) {
    if (!ledger::is_hpr_number(number)) reader.fault("hpr_numbers", "wants one to nine digits");
  }
  ledger::PracticeId id;
  if (!practice.id.empty() && !ledger::PracticeId::parse(practice.id, id)) {
    reader.fault("id", "wants 1 to 20 digits");
  }
  config.practices.push_back(std::move(practice));
}

template <class Read>
void read_each(std::string_view name, const toml::node& node, ConfigFaults& faults, Read read) {
  const toml::array* const array = node.as_array();
  if (array == nullptr || !array->is_homogeneous<toml::table>()) {
    faults.add(node, fmt::format("`{0}` wants tables; remedy: [[{0}]]", name));
    return;
  }
  std::size_t number = 0;
  for (const toml::node& element : *array) {
    const std::string called = fmt::format("{}[{}]", name, number++);
    TableReader reader(*element.as_table(), called, faults);
    read(reader, called);
    reader.finish();
  }
}

template <class Read>
void read_one(std::string_view name, const toml::node& node, ConfigFaults& faults, Read read) {
  if (!node.is_table()) {
    faults.add(node, fmt::format("`{0}` wants a table; remedy: [{0}]", name));
    return;
  }
  TableReader reader(*node.as_table(), std::string(name), faults);
  read(reader);
  reader.finish();
}

}  // namespace

namespace {

void read_national(TableReader& reader, NationalSettings& national) {
  constexpr std::int64_t days_max = 3650;
  national.is_served = reader.flag("serve", true);
  national.body_bytes_max =
      static_cast<std::size_t>(reader.number("body_bytes_max", 1024, 1 << 20, 64 << 10));
  const auto life = reader.number("key_days", 1, days_max, 90);
  const auto age =
      reader.number("key_rotate_days", 1, days_max, std::clamp<std::int64_t>(life / 3, 1, 30));
  const auto age_max = std::max<std::int64_t>(1, life / 2);
  if (age > age_max) {
    reader.fault("key_rotate_days",
                 fmt::format("is more than half of key_days: a key would end before all clients "
                             "have the next; remedy: at most {}, or leave the line out",
                             age_max));
  }
  national.key_life = std::chrono::days{life};
  national.key_age_max = std::chrono::days{age};
}

void read_registry(TableReader& reader, Config& config) {
  const std::string practices = reader.text("practices", "optional");
  config.ledger.are_practices_required = practices == "required";
  if (practices != "required" && practices != "optional") {
    reader.fault("practices", "wants \"required\" or \"optional\"; remedy: one of these");
  }
}

}  // namespace

bool read_auth_table(std::string_view name, const toml::node& node, ConfigFaults& faults,
                     Config& config) {
  if (name == "public") {
    read_one(name, node, faults, [&](TableReader& reader) { read_public(reader, config); });
  } else if (name == "tls") {
    read_one(name, node, faults, [&](TableReader& reader) { read_tls(reader, config.tls); });
  } else if (name == "auth") {
    read_one(name, node, faults, [&](TableReader& reader) { read_auth(reader, config.auth); });
  } else if (name == "rates") {
    read_one(name, node, faults, [&](TableReader& reader) { read_rates(reader, config.rates); });
  } else if (name == "metrics") {
    read_one(name, node, faults, [&](TableReader& reader) { read_metrics(reader, config); });
  } else if (name == "log") {
    read_one(name, node, faults, [&](TableReader& reader) { read_log(reader, config); });
  } else if (name == "issuers") {
    read_each(name, node, faults, [&](TableReader& reader, const std::string& called) {
      read_issuer(reader, called, faults, config);
    });
  } else if (name == "national") {
    read_one(name, node, faults,
             [&](TableReader& reader) { read_national(reader, config.national); });
  } else if (name == "registry") {
    read_one(name, node, faults, [&](TableReader& reader) { read_registry(reader, config); });
  } else if (name == "practices") {
    read_each(name, node, faults,
              [&](TableReader& reader, const std::string&) { read_practice(reader, config); });
  } else {
    return false;
  }
  return true;
}

FindPractices find_practices(const std::vector<KnownPractice>& practices) {
  return [practices](Register in, std::string_view number) {
    std::vector<std::string> found;
    for (const KnownPractice& practice : practices) {
      if (in == Register::persons) break;  // not in a file that is readable
      const auto& numbers =
          in == Register::organisations ? practice.organisations : practice.practitioners;
      if (std::find(numbers.begin(), numbers.end(), number) != numbers.end()) {
        found.push_back(practice.id);
      }
    }
    return found;
  };
}

DescribePractice describe_practice(const std::vector<KnownPractice>& practices) {
  return [practices](std::string_view id) {
    const auto known = std::find_if(practices.begin(), practices.end(),
                                    [id](const auto& practice) { return practice.id == id; });
    if (known == practices.end()) return PracticeFacts();
    const auto& numbers = known->organisations;
    return PracticeFacts{known->name, numbers.empty() ? std::string() : numbers.front()};
  };
}

std::vector<std::string> missing_for_tokens(const Config& config) {
  std::vector<std::string> missing;
  if (config.auth.issuers.empty()) {
    missing.emplace_back(
        "--auth jwt wants an issuer whose tokens are taken; remedy: [[issuers]] with kind, issuer "
        "and audience in the file of --config, as in scripts/deploy/frikort.toml");
  }
  if (config.auth.origins.empty()) {
    missing.emplace_back(
        "--auth jwt wants the address by which callers reach the service, which proofs are "
        "compared with; remedy: [public] url = \"https://HOST\" in the file of --config");
  }
  return missing;
}

}  // namespace api
