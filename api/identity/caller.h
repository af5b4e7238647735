#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

namespace api {

/// What somebody may do here; a caller may have several.
enum class Role : std::uint8_t {
  practice,    ///< sends registrations, and asks whether a person is exempt
  portal,      ///< shows persons their accounts
  registry,    ///< tells of persons and practices
  operations,  ///< runs the ledger; learns nothing about a person
  payout,      ///< reads events, and pays refunds
};

class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) bits_ |= bit(role);
  }
  static constexpr Roles all() {
    return {Role::practice, Role::portal, Role::registry, Role::operations, Role::payout};
  }

  constexpr bool has(Role role) const { return (bits_ & bit(role)) != 0; }
  constexpr bool has_one_of(Roles others) const { return (bits_ & others.bits_) != 0; }
  constexpr bool is_empty() const { return bits_ == 0; }

 private:
  static constexpr std::uint8_t bit(Role role) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(role));
  }
  std::uint8_t bits_ = 0;
};

/// On whose behalf a request is made.
struct Caller {
  std::string name;  ///< for the logs; empty while nobody is known
  Roles roles;
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

  bool is_declared() const { return is_declared_; }
  bool is_for_anybody() const { return is_for_anybody_; }
  bool admits(const Caller& caller) const {
    return is_for_anybody_ || caller.roles.has_one_of(roles_);
  }

 private:
  Roles roles_;
  bool is_declared_ = false;
  bool is_for_anybody_ = false;
};

}  // namespace api
