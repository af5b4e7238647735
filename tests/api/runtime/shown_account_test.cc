#include "api/runtime/shown_account.h"

#include <gtest/gtest.h>

#include "api/runtime/card_status.h"
#include "tests/storage/temp_folder.h"
#include "tests/support/builders.h"

namespace api::test {
namespace {

using ledger::AccountKey;
using ledger::Money;
using ledger::PersonId;
using ledger::Position;

constexpr int year = 2025;

/// One person with an account, whom the test changes as the writer does.
class ShownAccountTest : public testing::Test {
 protected:
  ShownAccountTest() {
    state_.begin_group(Position{1});
    person_ = state_.add_person(number_).value();
    ledger::Person person;
    person.newest_event = Position{1};
    put(person);
    put_sum(100, Position{2});
  }
  void put(const ledger::Person& person) {
    ASSERT_TRUE(state_.load_person(person_));
    ASSERT_TRUE(state_.put_person(person_, person));
  }
  void put_sum(std::int64_t kroner, Position by) {
    ledger::Account account;
    ASSERT_TRUE(state_.load_account({person_, year}, account));
    account.counted_sum = Money::from_kroner(kroner);
    account.newest = by;
    account.changed_by = by;
    ASSERT_TRUE(state_.put_account({person_, year}, account));
  }

  const storage::test::TempFolder temp_;
  storage::StateStore state_{temp_.path() / "state", {}};
  const ledger::EncryptedNumber number_ = ledger::test::person_number(1);
  PersonId person_;
};

TEST_F(ShownAccountTest, is_what_is_kept) {
  const ShownAccount shown = shown_account(state_, number_, year).value();
  EXPECT_EQ(shown.person, person_);
  EXPECT_EQ(shown.account.counted_sum, Money::from_kroner(100));
  EXPECT_EQ(shown.reflects, Position{2});
}

TEST_F(ShownAccountTest, is_nothing_of_what_a_merge_with_somebody_opted_out_has_just_joined) {
  int times_read = 0;
  const auto shown = shown_of<ledger::Account>(state_, number_, year, [&](const AccountKey& key) {
    if (++times_read == 1) {
      ledger::Person joined;
      joined.newest_event = Position{3};
      joined.is_opted_out = true;
      put(joined);
      put_sum(250, Position{3});
    }
    return state_.account(key);
  });
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown.value().person, PersonId());
  EXPECT_EQ(shown.value().account, ledger::Account());
  EXPECT_EQ(shown.value().reflects, Position{3}) << "that nothing is shown is new, too";
  EXPECT_EQ(times_read, 2);
}

}  // namespace
}  // namespace api::test
