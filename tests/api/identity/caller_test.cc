#include "api/identity/caller.h"

#include <gtest/gtest.h>

#include "api/identity/gate.h"

namespace api::test {
namespace {

TEST(Access, is_declared_by_naming_who_may) {
  EXPECT_FALSE(Access().is_declared());
  EXPECT_TRUE(Access({Role::payout}).is_declared());
  EXPECT_TRUE(Access::any_role().is_declared());
  EXPECT_TRUE(Access::anybody().is_declared());
}

TEST(Access, admits_who_has_one_of_the_roles) {
  const Access access{Role::practice, Role::operations};
  EXPECT_TRUE(access.admits({"a", {Role::practice}}));
  EXPECT_TRUE(access.admits({"a", {Role::portal, Role::operations}}));
  EXPECT_FALSE(access.admits({"a", {Role::portal, Role::registry, Role::payout}}));
  EXPECT_FALSE(access.admits({"a", {}}));
}

TEST(Access, of_any_role_and_of_anybody) {
  EXPECT_TRUE(Access::any_role().admits({"a", {Role::registry}}));
  EXPECT_FALSE(Access::any_role().admits({"", {}}));
  EXPECT_TRUE(Access::anybody().admits({"", {}}));
  EXPECT_TRUE(Access::anybody().is_for_anybody());
  EXPECT_FALSE(Access::any_role().is_for_anybody());
}

TEST(Access, that_is_not_declared_admits_nobody) {
  EXPECT_FALSE(Access().admits({"a", Roles::all()}));
}

TEST(Gate, without_tokens_gives_every_caller_every_role) {
  Caller caller;
  EXPECT_EQ(Gate().admit({Role::payout}, caller), Gate::Verdict::admitted);
  EXPECT_EQ(caller.name, "anonymous");
  for (const Role role :
       {Role::practice, Role::portal, Role::registry, Role::operations, Role::payout}) {
    EXPECT_TRUE(caller.roles.has(role));
  }
}

}  // namespace
}  // namespace api::test
