#include "ledger/reference/reconcile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ledger/rules/ledger.h"
#include "tests/support/builders.h"
#include "tests/support/memory_store.h"

namespace ledger {
namespace {

/// One person-year through the real rules: three registrations, a card and two refund lines.
class CompareAccountTest : public testing::Test {
 protected:
  CompareAccountTest() {
    // Ceiling 100 kroner: the second crosses it by 20, the third is above it whole.
    add(test::a_copayment().guid(1).of_ore(6000).on("2024-01-10T10:00:00Z"));
    add(test::a_copayment().guid(2).of_ore(6000).on("2024-01-12T10:00:00Z"));
    add(test::a_copayment().guid(3).of_ore(1500).on("2024-01-14T10:00:00Z"));
    account_ = store_.account(key_);
    for (const auto& event : store_.events()) events_.push_back(event);
    EXPECT_EQ(account_->refund_lines.size(), 2U);
    EXPECT_TRUE(account_->card.has_value());
  }

  void add(const Item& item) {
    ItemEntry entry;
    Ledger ledger(store_, rules_, store_);
    const auto outcome = ledger.process(item, Position{entries_.size() + 1}, entry);
    ASSERT_TRUE(outcome);
    ASSERT_EQ(outcome.value().disposition, Disposition::accepted);
    entries_.push_back(entry);
  }

  std::vector<Difference> compare() const {
    std::vector<Difference> differences;
    const ReferenceAccount expected =
        reference_account(entries_, 2024, Money::from_kroner(100), rules_.hash());
    compare_account(key_, entries_, expected, account_, events_, Money::from_kroner(100),
                    differences);
    return differences;
  }

  std::set<DifferenceKind> kinds() const {
    std::set<DifferenceKind> kinds;
    for (const Difference& difference : compare()) {
      EXPECT_EQ(difference.account, key_);
      EXPECT_NE(difference.expected, difference.found);
      kinds.insert(difference.kind);
    }
    return kinds;
  }

  const RulePack rules_ = test::small_rules(Money::from_kroner(100));
  const AccountKey key_{PersonId{1}, 2024};
  test::MemoryStore store_;
  std::vector<ItemEntry> entries_;
  std::optional<Account> account_;
  std::vector<Event> events_;
};

using Kinds = std::set<DifferenceKind>;

TEST_F(CompareAccountTest, finds_nothing_in_what_the_rules_made) { EXPECT_EQ(kinds(), Kinds{}); }

TEST_F(CompareAccountTest, finds_a_wrong_sum) {
  account_->counted_sum += Money::from_ore(1);
  ASSERT_EQ(compare().size(), 1U);
  EXPECT_EQ(compare()[0].kind, DifferenceKind::sum_differs);
  EXPECT_EQ(compare()[0].expected, "13500");
  EXPECT_EQ(compare()[0].found, "13501");
  EXPECT_EQ(compare()[0].field, "countedOre");
}

TEST_F(CompareAccountTest, finds_a_wrong_day) {
  account_->days[1].day += std::chrono::days{1};
  EXPECT_EQ(kinds(), Kinds{DifferenceKind::sum_differs});
}

TEST_F(CompareAccountTest, finds_a_missing_account) {
  account_.reset();
  EXPECT_EQ(kinds(), Kinds{DifferenceKind::account_missing});
}

TEST_F(CompareAccountTest, finds_an_account_without_registrations) {
  entries_.clear();
  events_.clear();
  EXPECT_EQ(kinds(), Kinds{DifferenceKind::account_unfounded});
}

TEST_F(CompareAccountTest, finds_a_missing_card) {
  account_->card.reset();
  EXPECT_EQ(kinds(), Kinds{DifferenceKind::card_missing});
}

TEST_F(CompareAccountTest, finds_a_card_under_the_ceiling) {
  const ExemptionCard card = *account_->card;
  entries_.resize(1);
  account_ = Account();
  account_->counted_sum = Money::from_ore(6000);
  account_->days = {{test::date("2024-01-10"), Money::from_ore(6000)}};
  account_->newest = Position{1};
  account_->changed_by = Position{1};
  account_->card = card;
  events_.clear();
  EXPECT_EQ(kinds(), Kinds{DifferenceKind::card_unfounded});
}

TEST_F(CompareAccountTest, finds_each_changed_field_of_a_card) {
  const ExemptionCard card = *account_->card;
  const auto field_of = [this] {
    const auto differences = compare();
    EXPECT_EQ(differences.size(), 1U);
    EXPECT_EQ(differences[0].kind, DifferenceKind::card_differs);
    return differences[0].field;
  };
  account_->card->state = CardState::under_review;
  EXPECT_EQ(field_of(), "state");
  account_->card = card;
  account_->card->entitled_from += std::chrono::days{1};
  EXPECT_EQ(field_of(), "entitledFrom");
  account_->card = card;
  account_->card->issued_at.seconds += 1;
  EXPECT_EQ(field_of(), "issuedAt");
  account_->card = card;
  account_->card->crossing_guid = test::guid_of(1);
  EXPECT_EQ(field_of(), "crossingGuid");
  account_->card = card;
  account_->card->rule_pack[0] ^= 1;
  EXPECT_EQ(field_of(), "rulePack");
}

TEST_F(CompareAccountTest, finds_a_card_announced_twice_or_never) {
  const auto announced = std::find_if(events_.begin(), events_.end(), [](const Event& event) {
    return event.type == EventType::card_issued;
  });
  ASSERT_NE(announced, events_.end());
  events_.insert(announced, *announced);
  EXPECT_EQ(kinds(), Kinds{DifferenceKind::second_card});
  std::erase_if(events_, [](const Event& event) { return event.type == EventType::card_issued; });
  EXPECT_EQ(kinds(), Kinds{DifferenceKind::card_event_missing});
}

TEST_F(CompareAccountTest, finds_refund_lines_too_many_and_too_few) {
  account_->refund_lines.push_back(account_->refund_lines.back());
  EXPECT_EQ(kinds(),
            (Kinds{DifferenceKind::refund_line_too_many, DifferenceKind::refund_sum_differs}));
  account_->refund_lines.resize(1);
  EXPECT_EQ(kinds(),
            (Kinds{DifferenceKind::refund_line_missing, DifferenceKind::refund_sum_differs}));
}

TEST_F(CompareAccountTest, finds_a_refund_laid_on_another_registration) {
  // The sum still fits: only the line tells.
  account_->refund_lines[1].registration = Position{1};
  EXPECT_EQ(kinds(),
            (Kinds{DifferenceKind::refund_line_missing, DifferenceKind::refund_line_too_many}));
}

TEST_F(CompareAccountTest, finds_what_payout_systems_were_told_wrongly) {
  events_.back().amount += Money::from_ore(1);
  EXPECT_EQ(kinds(), Kinds{DifferenceKind::refund_event_differs});
  events_.pop_back();
  EXPECT_EQ(kinds(), Kinds{DifferenceKind::refund_event_differs});
}

TEST_F(CompareAccountTest, finds_a_verdict_that_the_rules_do_not_give) {
  entries_[0].verdict.exempt = true;
  ASSERT_EQ(compare().size(), 1U);
  EXPECT_EQ(compare()[0].kind, DifferenceKind::verdict_differs);
  EXPECT_EQ(compare()[0].field, "exempt");
  EXPECT_EQ(compare()[0].position, Position{1});
}

TEST_F(CompareAccountTest, finds_an_entry_that_leads_back_to_the_wrong_one) {
  entries_[2].previous = Position{1};
  ASSERT_EQ(compare().size(), 1U);
  EXPECT_EQ(compare()[0].field, "previous");
}

TEST(DifferenceKindTest, names_are_all_there_and_different) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < difference_kind_count; ++i) {
    names.insert(name_of(static_cast<DifferenceKind>(i)));
  }
  EXPECT_EQ(names.size(), difference_kind_count);
  EXPECT_FALSE(names.contains(""));
  EXPECT_EQ(name_of(DifferenceKind::timeliness_differs), "timelinessDiffers");
}

}  // namespace
}  // namespace ledger
