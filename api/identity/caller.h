#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace api {

/// What somebody may do here; a caller may have several.
enum class Role : std::uint8_t {
  practice,    ///< sends registrations, and asks whether a person is exempt
  portal,      ///< shows persons their accounts
  registry,    ///< tells of persons and practices
  operations,  ///< runs the ledger; learns nothing about a person
  payout,      ///< reads events, and pays refunds
  card_query,  ///< asks the national card query, and nothing else
};

/// Whose contract a route follows. A token is for routes of one of them.
enum class Surface : std::uint8_t { native, national };

class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) add(role);
  }
  static constexpr Roles all() {
    return {Role::practice,   Role::portal, Role::registry,
            Role::operations, Role::payout, Role::card_query};
  }

  constexpr void add(Role role) { bits_ |= bit(role); }
  constexpr bool has(Role role) const { return (bits_ & bit(role)) != 0; }
  constexpr bool has_one_of(Roles others) const { return (bits_ & others.bits_) != 0; }
  constexpr bool is_empty() const { return bits_ == 0; }

 private:
  static constexpr std::uint8_t bit(Role role) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(role));
  }
  std::uint8_t bits_ = 0;
};

/// Ids of practices that somebody may act for. Null: all of them.
using PracticeList = std::shared_ptr<const std::vector<std::string>>;

/// What a token tells beside whom it is for: for the access log, and never a ground for access.
/// Empty: the token does not say.
struct TokenDetails {
  std::string client_name;
  std::string token_id;      ///< `jti`
  std::string main_unit;     ///< number of the main unit of the organisation that it names
  std::string supplier;      ///< organisation number of whoever works for that organisation
  std::string hpr_number;    ///< of the practitioner who has logged in
  std::string practitioner;  ///< the national number of the same
};

/// On whose behalf a request is made.
struct Caller {
  std::string name;  ///< for the logs; empty while nobody is known
  Roles roles;
  PracticeList practices{};  ///< null: acts for every practice
  /// Those that the caller itself is, by its token; an operator may be none. Null without tokens.
  PracticeList own_practices{};
  bool is_nobody = false;     ///< of the card query: the token does not say who asks
  std::string only_person{};  ///< the national number of a citizen; empty: acts for everybody
  std::string client{};       ///< of an issuer, as limits know it; empty: no token
  // What a person is told of who has asked; empty: nobody has said.
  std::string organisation{};
  std::string organisation_number{};
  std::shared_ptr<const TokenDetails> details{};  ///< null: no token

  /// As the access log has it.
  const std::string& program() const { return client.empty() ? name : client; }

  bool may_act_for(std::string_view practice) const {
    return practices == nullptr ||
           std::find(practices->begin(), practices->end(), practice) != practices->end();
  }
  bool is_a_practice() const { return own_practices == nullptr || !own_practices->empty(); }
};

/// Who may use a route. A route that does not say so is not served.
class Access {
 public:
  Access() = default;
  /// Callers with one of these roles.
  Access(std::initializer_list<Role> roles) : roles_(roles), is_declared_(true) {}
  static Access any_role() {
    Access access;
    access.roles_ = Roles::all();
    access.is_declared_ = true;
    return access;
  }
  /// Everybody: also a caller without a role, and one that has not said who it is.
  static Access anybody() {
    Access access = any_role();
    access.is_for_anybody_ = true;
    return access;
  }
  /// Callers of the national card query.
  static Access national() {
    Access access{Role::card_query};
    access.surface_ = Surface::national;
    return access;
  }
  /// The same, and of practices only such as the registry knows.
  Access with_practice() && {
    wants_practice_ = true;
    return *this;
  }
  /// The same, and of practices only the one whose id stands in the path.
  Access of_practice_in_path() && {
    is_of_practice_in_path_ = true;
    return *this;
  }

  bool is_declared() const { return is_declared_; }
  bool wants_practice() const { return wants_practice_; }
  Surface surface() const { return surface_; }
  bool is_for_anybody() const { return is_for_anybody_; }
  bool admits(const Caller& caller) const {
    return is_for_anybody_ || caller.roles.has_one_of(roles_);
  }
  /// Of what admits() lets in. `path_parameter` is what stands for `{}` in the route.
  bool admits_practice(const Caller& caller, std::string_view path_parameter) const {
    if (wants_practice_ && !caller.is_a_practice()) return false;
    return !is_of_practice_in_path_ || caller.may_act_for(path_parameter);
  }

 private:
  Roles roles_;
  bool is_declared_ = false;
  bool is_for_anybody_ = false;
  bool wants_practice_ = false;
  bool is_of_practice_in_path_ = false;
  Surface surface_ = Surface::native;
};

}  // namespace api
