#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/identity/caller.h"
#include "ledger/values/national_id.h"

namespace api {

/// How a token is presented (RFC 6750, RFC 9449).
enum class Scheme : std::uint8_t { bearer, dpop };

/// Which register a number is of.
enum class Register : std::uint8_t { organisations, practitioners, persons };

/// The practices with this organisation, practitioner or person number. From any thread.
using FindPractices = std::function<std::vector<std::string>(Register in, std::string_view number)>;

/// What the register has of a practice; empty: it does not say.
struct PracticeFacts {
  std::string name;
  std::string organisation_number;
};
using DescribePractice = std::function<PracticeFacts(std::string_view id)>;

/// A claim that says on whose behalf the caller acts.
struct PartyClaim {
  std::string name;
  Register in = Register::organisations;
  /// It is an object with `authority` and `ID` (ISO 6523), not a text.
  bool is_iso6523 = false;
  /// The claim with the main unit of which this is a sub-unit; empty: it is none.
  std::string parent{};
};

/// Who gets a role of an issuer's tokens.
struct RoleRule {
  Role role = Role::practice;
  std::string scope;
  bool is_for_own_person = false;  ///< only for the person that the token names as logged in
  bool is_for_listed = false;      ///< only for organisations of the list
  std::vector<std::string> organisations{};
  std::vector<std::string> acr_values{};  ///< one of these; empty: any
  /// That tokens with this role are for; empty: that of the issuer.
  std::string audience{};
};

/// Where the keys of an issuer are. One of the three is set.
struct KeySource {
  std::string metadata_url;
  std::string metadata_file;
  std::string keys_file;
  std::string ca_file;  ///< of the CA that the HTTPS certificates are of; empty: the system's
};

/// So that the access log keeps a client whole; see client_bytes_max.
constexpr std::size_t issuer_name_bytes_max = 200;

/// What is taken from one issuer, and what it is worth here.
struct Issuer {
  std::string name;  ///< `iss`, byte for byte
  KeySource keys;
  Scheme scheme = Scheme::bearer;
  std::string audience;
  bool is_audience_waived = false;
  std::vector<std::string> algorithms;
  bool wants_type = false;  ///< a token without `typ` is refused
  std::chrono::seconds leeway{10};
  // Of its proofs; nothing: as for all issuers.
  std::optional<std::chrono::seconds> proof_age_max{};
  std::optional<std::chrono::seconds> proof_leeway{};
  std::vector<PartyClaim> parties;  ///< the first that is present decides
  /// A sub-unit counts only for practices that have the main unit's number as well.
  bool is_parent_required = false;
  std::vector<PartyClaim> suppliers;  ///< who works for them: may be blocked, and decides nothing
  std::string person_claim;           ///< who has logged in, for `is_for_own_person`
  std::string level_claim;            ///< of persons and practitioners who have logged in
  std::int64_t level_min = 0;
  std::vector<std::string> delegation_sources;  ///< that a token with a supplier may be by
  std::vector<RoleRule> roles;
};

/// Everything that decides who may, but keys.
struct AuthSettings {
  std::vector<Issuer> issuers;
  std::vector<std::string> origins;  ///< `https://HOST[:PORT]` by which callers reach us
  std::chrono::seconds proof_age_max{60};
  std::chrono::seconds proof_leeway{10};
  std::size_t proofs_max = 1'000'000;  ///< remembered, of one window
  std::size_t cached_tokens_max = 10'000;
  std::vector<std::string> blocked_organisations;
  std::vector<std::string> blocked_clients;
  /// Which numbers are persons, in tokens as in everything else.
  ledger::NumberSeries series = ledger::NumberSeries::production_and_tests;
  FindPractices find_practices;        ///< empty: finds none
  DescribePractice describe_practice;  ///< empty: knows nothing of them

  /// Null when no tokens of this issuer are taken.
  const Issuer* find(std::string_view name) const;
  std::chrono::seconds proof_age_of(const Issuer& issuer) const;
  std::chrono::seconds proof_leeway_of(const Issuer& issuer) const;
  /// From a proof that is made ahead of time until it is too old, whoever issued the token.
  std::chrono::seconds longest_proof_window() const;
};

/// The settings that the published documents of the three national issuers amount to, but for
/// name and audience. Nothing when there is no such kind.
std::optional<Issuer> issuer_of_kind(std::string_view kind);

}  // namespace api
