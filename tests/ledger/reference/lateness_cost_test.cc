#include "ledger/reference/lateness_cost.h"

#include <gtest/gtest.h>

#include <numeric>

#include "ledger/rules/ledger.h"
#include "tests/support/builders.h"
#include "tests/support/prng.h"

namespace ledger {
namespace {

using test::a_copayment;
using test::a_payment;
using test::instant;

constexpr Money ceiling = Money::from_kroner(100);

/// Entries of one account of 2024, accepted in the order given.
class Account {
 public:
  Account& add(const Item& item, std::uint32_t practice) {
    ItemEntry entry;
    entry.item = item;
    entry.practice = PracticeNumber{practice};
    entry.person = PersonId{1};
    entry.verdict.position = Position{entries_.size() + 1};
    entries_.push_back(entry);
    return *this;
  }
  LatenessCost cost() const {
    return lateness_cost(reference_account(entries_, 2024, ceiling, {}), ceiling);
  }

 private:
  std::vector<ItemEntry> entries_;
};

Item copayment(std::uint32_t guid, std::int64_t kroner, const char* service, const char* received) {
  return a_copayment().guid(guid).of_ore(kroner * 100).on(service).received_at(received);
}

TEST(LatenessCostTest, is_nothing_below_the_ceiling) {
  const LatenessCost cost =
      Account().add(copayment(1, 99, "2024-01-10T10:00:00Z", "2024-05-01T10:00:00Z"), 1).cost();
  EXPECT_EQ(cost.overpaid, Money());
  EXPECT_TRUE(cost.shares.empty());
}

TEST(LatenessCostTest, is_nothing_on_the_day_of_crossing_itself) {
  const LatenessCost cost =
      Account()
          .add(copayment(1, 90, "2024-01-10T08:00:00Z", "2024-05-01T10:00:00Z"), 1)
          .add(copayment(2, 90, "2024-01-10T09:00:00Z", "2024-01-10T10:00:00Z"), 2)
          .add(copayment(3, 50, "2024-01-10T18:00:00Z", "2024-01-10T19:00:00Z"), 3)
          .cost();
  EXPECT_EQ(cost.overpaid, Money());
}

TEST(LatenessCostTest, is_laid_on_the_practice_whose_report_was_missing) {
  // With the first report at once the card would have been there on 1 February.
  const LatenessCost cost =
      Account()
          .add(copayment(2, 40, "2024-02-01T10:00:00Z", "2024-02-01T11:00:00Z"), 2)
          .add(copayment(3, 30, "2024-02-10T10:00:00Z", "2024-02-10T11:00:00Z"), 3)
          .add(copayment(1, 60, "2024-01-10T10:00:00Z", "2024-03-01T10:00:00Z"), 1)
          .cost();
  EXPECT_EQ(cost.overpaid, Money::from_kroner(30));
  ASSERT_EQ(cost.shares.size(), 1U);
  EXPECT_EQ(cost.shares[0].practice, PracticeNumber{1});
  EXPECT_EQ(cost.shares[0].by_lateness, Money::from_kroner(30));
  EXPECT_EQ(cost.shares[0].despite_card, Money());
  EXPECT_EQ(cost.ore_days, 3000 * 20) << "from 10 February to 1 March";
  EXPECT_EQ(cost.shares[0].ore_days, cost.ore_days);
}

TEST(LatenessCostTest, is_laid_on_who_charged_when_the_card_was_there) {
  const LatenessCost cost =
      Account()
          .add(copayment(1, 100, "2024-01-10T10:00:00Z", "2024-01-10T11:00:00Z"), 1)
          .add(copayment(2, 25, "2024-02-10T10:00:00Z", "2024-02-12T11:00:00Z"), 2)
          .cost();
  ASSERT_EQ(cost.shares.size(), 1U);
  EXPECT_EQ(cost.shares[0].practice, PracticeNumber{2});
  EXPECT_EQ(cost.shares[0].despite_card, Money::from_kroner(25));
  EXPECT_EQ(cost.ore_days, 2500 * 2);
}

TEST(LatenessCostTest, takes_a_late_payment_for_a_late_report) {
  // Reported at once but unpaid: it counted only when the payment was confirmed.
  const LatenessCost cost =
      Account()
          .add(a_copayment()
                   .guid(1)
                   .of_ore(10'000)
                   .paid(false)
                   .on("2024-01-10T10:00:00Z")
                   .received_at("2024-01-10T11:00:00Z"),
               1)
          .add(copayment(2, 20, "2024-02-01T10:00:00Z", "2024-02-01T11:00:00Z"), 2)
          .add(a_payment().guid(1).received_at("2024-02-11T10:00:00Z"), 1)
          .cost();
  ASSERT_EQ(cost.shares.size(), 1U);
  EXPECT_EQ(cost.shares[0].practice, PracticeNumber{1});
  EXPECT_EQ(cost.shares[0].by_lateness, Money::from_kroner(20));
  EXPECT_EQ(cost.ore_days, 2000 * 10);
}

TEST(LatenessCostTest, is_split_in_proportion_to_what_was_missing) {
  const LatenessCost cost =
      Account()
          .add(copayment(3, 50, "2024-02-10T10:00:00Z", "2024-02-10T11:00:00Z"), 3)
          .add(copayment(1, 75, "2024-01-10T10:00:00Z", "2024-03-01T10:00:00Z"), 1)
          .add(copayment(2, 25, "2024-01-11T10:00:00Z", "2024-03-02T10:00:00Z"), 2)
          .cost();
  ASSERT_EQ(cost.shares.size(), 2U);
  EXPECT_EQ(cost.shares[0].by_lateness, Money::from_ore(3750));
  EXPECT_EQ(cost.shares[1].by_lateness, Money::from_ore(1250));
}

TEST(LatenessCostTest, shares_add_up_to_the_ore) {
  test::Prng prng(20'240);
  std::int64_t with_cost = 0;
  for (int round = 0; round < 2000; ++round) {
    Account account;
    const auto items = static_cast<std::uint32_t>(2 + prng.below(12));
    for (std::uint32_t i = 0; i < items; ++i) {
      const Instant service =
          instant("2024-01-02T00:00:00Z") + std::chrono::hours{prng.below(24 * 300)};
      account.add(a_copayment()
                      .guid(i + 1)
                      .of_ore(static_cast<std::int64_t>(1 + prng.below(5000)))
                      .on(service)
                      .received_at(service + std::chrono::hours{prng.below(24 * 100)}),
                  static_cast<std::uint32_t>(1 + prng.below(4)));
    }
    const LatenessCost cost = account.cost();
    Money sum;
    std::int64_t ore_days = 0;
    for (const LatenessShare& share : cost.shares) {
      EXPECT_GE(share.by_lateness, Money());
      EXPECT_GE(share.despite_card, Money());
      sum += share.by_lateness + share.despite_card;
      ore_days += share.ore_days;
    }
    EXPECT_EQ(sum, cost.overpaid) << "round " << round;
    EXPECT_EQ(ore_days, cost.ore_days) << "round " << round;
    if (cost.overpaid > Money()) ++with_cost;
  }
  EXPECT_GT(with_cost, 200) << "the workload must say something";
}

TEST(SplitInProportionTest, gives_whole_parts_that_add_up) {
  EXPECT_EQ(split_in_proportion(100, std::array<std::int64_t, 3>{1, 1, 1}),
            (std::vector<std::int64_t>{33, 33, 34}));
  EXPECT_EQ(split_in_proportion(7, std::array<std::int64_t, 3>{0, 5, 0}),
            (std::vector<std::int64_t>{0, 7, 0}));
  EXPECT_EQ(split_in_proportion(0, std::array<std::int64_t, 2>{3, 4}),
            (std::vector<std::int64_t>{0, 0}));
  constexpr std::int64_t large = 4'000'000'000'000'000'000;
  const auto parts = split_in_proportion(large, std::array<std::int64_t, 2>{large, large});
  EXPECT_EQ(parts[0] + parts[1], large) << "without running over";
}

}  // namespace
}  // namespace ledger
