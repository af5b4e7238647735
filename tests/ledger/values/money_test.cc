#include "ledger/values/money.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/print.h"

namespace ledger {
namespace {

constexpr std::int64_t ore_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t ore_min = std::numeric_limits<std::int64_t>::min();

TEST(Money, starts_at_zero) {
  EXPECT_EQ(Money().ore(), 0);
  EXPECT_TRUE(Money().is_zero());
  EXPECT_FALSE(Money::from_ore(1).is_zero());
}

TEST(Money, counts_a_hundred_ore_to_the_krone) {
  EXPECT_EQ(Money::from_kroner(3278), Money::from_ore(327800));
  EXPECT_EQ(Money::from_kroner(-2), Money::from_ore(-200));
}

TEST(Money, adds_and_subtracts) {
  struct Row {
    std::int64_t a, b, sum, difference;
  };
  for (const Row& row :
       {Row{0, 0, 0, 0}, Row{1, 2, 3, -1}, Row{-5, 5, 0, -10}, Row{327799, 1, 327800, 327798},
        Row{ore_max, 0, ore_max, ore_max}, Row{ore_max - 1, 1, ore_max, ore_max - 2}}) {
    const Money a = Money::from_ore(row.a);
    const Money b = Money::from_ore(row.b);
    EXPECT_EQ(a + b, Money::from_ore(row.sum));
    EXPECT_EQ(a - b, Money::from_ore(row.difference));
    Money changed = a;
    changed += b;
    EXPECT_EQ(changed, a + b);
    changed -= b;
    EXPECT_EQ(changed, a);
  }
  EXPECT_EQ(-Money::from_ore(7), Money::from_ore(-7));
}

TEST(Money, is_ordered_by_amount) {
  EXPECT_LT(Money::from_ore(-1), Money());
  EXPECT_LT(Money::from_ore(99), Money::from_kroner(1));
  EXPECT_GE(Money::from_ore(100), Money::from_kroner(1));
}

TEST(MoneyDeathTest, stops_the_process_instead_of_wrapping) {
  EXPECT_DEATH(Money::from_ore(ore_max) + Money::from_ore(1), "invariant broken");
  EXPECT_DEATH(Money::from_ore(ore_min) - Money::from_ore(1), "invariant broken");
  EXPECT_DEATH(-Money::from_ore(ore_min), "invariant broken");
}

}  // namespace
}  // namespace ledger
