#include "api/identity/gate.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/storage/temp_folder.h"

namespace api::test {
namespace {

/// Of its rates those of items are looked at; it trusts no issuer.
class GateTest : public testing::Test {
 protected:
  Gate gate() const {
    constexpr Rate five{1, 5};
    const Rates rates{.client_requests = {},
                      .client_items = {1, 100},
                      .practice_requests = five,
                      .practice_items = five};
    const Fetch fetch = [](const std::string&, const std::string&) -> Fetched {
      throw std::runtime_error("nobody is to be asked");
    };
    return Gate(std::make_unique<TokenGuard>(AuthSettings(), fetch, folder_.path()), rates);
  }
  static Caller client(const std::string& name) {
    Caller caller;
    caller.client = name;
    return caller;
  }

 private:
  const storage::test::TempFolder folder_;
};

TEST_F(GateTest, items_that_are_to_come_later_cost_nothing) {
  const Gate gate = this->gate();
  const Caller caller = client("a");
  EXPECT_FALSE(gate.limit_items(caller, "100001", 5));
  for (int i = 0; i < 20; ++i) {
    const auto excess = gate.limit_items(caller, "100001", 5);
    ASSERT_TRUE(excess);
    EXPECT_EQ(excess->policy, "practice-items") << "a request that waits is charged once";
  }
  EXPECT_FALSE(gate.limit_items(caller, "100002", 90)) << "95 of the client's 100";
}

TEST_F(GateTest, items_of_no_practice_cost_those_of_no_other_sender) {
  const Gate gate = this->gate();
  EXPECT_FALSE(gate.limit_items(client("a"), "", 50));
  EXPECT_FALSE(gate.limit_items(client("b"), "", 50));
}

TEST_F(GateTest, items_of_no_practice_cost_the_callers_own) {
  const Gate gate = this->gate();
  Caller caller = client("a");
  caller.own_practices =
      std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"100001"});
  EXPECT_FALSE(gate.limit_items(caller, "", 5));
  EXPECT_TRUE(gate.limit_items(client("b"), "100001", 1));
}

}  // namespace
}  // namespace api::test
