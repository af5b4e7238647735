// Stories of one person's 2025 under a ceiling of 100 øre. A step is an item, and what the account
// looks like after it:
//   report GUID ORE MM-DD [unpaid]   pay GUID   credit GUID
//   verdict | counted sum | card | refund lines | events of this step
// A card is its state, `entitledFrom`, the guid that crossed and the step in which it was issued.

#include "ledger/rules/post.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "ledger/values/rfc3339.h"
#include "tests/support/builders.h"
#include "tests/support/print.h"
#include "tests/support/test_ledger.h"

namespace ledger::test {
namespace {

struct Step {
  const char* action;
  const char* expected;
};

Instant time_of_step(int step) {
  return instant("2025-12-30T12:00:00+01:00") + std::chrono::minutes{step};
}

std::string month_and_day(Date date) { return to_string(date).substr(5); }

std::string signed_ore(Money amount) {
  return (amount > Money() ? "+" : "") + std::to_string(amount.ore());
}

class Story {
 public:
  void run(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      ++step_;
      EXPECT_EQ(perform(step.action), step.expected) << "step " << step_ << ": " << step.action;
    }
  }

 private:
  std::string perform(const std::string& action) {
    const std::size_t events_before = ledger_.store().events().size();
    const Outcome outcome = ledger_.submit(item_of(action));
    EXPECT_EQ(outcome.disposition, Disposition::accepted);
    const Account account = ledger_.account_of(1, 2025);
    return verdict_text(outcome.verdict) + " | " + std::to_string(account.counted_sum.ore()) +
           " | " + card_text(account) + " | " + lines_text(account) + " | " +
           events_text(events_before);
  }

  Item item_of(const std::string& action) {
    std::istringstream words(action);
    std::string verb, day, paid;
    std::uint32_t guid = 0;
    std::int64_t ore = 0;
    words >> verb >> guid >> ore >> day >> paid;
    if (verb == "pay") return a_payment().guid(guid).received_at(time_of_step(step_));
    if (verb == "credit") return a_credit_note().guid(guid).received_at(time_of_step(step_));
    return a_copayment()
        .guid(guid)
        .of_ore(ore)
        .paid(paid != "unpaid")
        .on("2025-" + day + "T12:00:00+01:00")
        .received_at(time_of_step(step_));
  }

  static std::string verdict_text(const Verdict& verdict) {
    EXPECT_EQ(verdict.counted, verdict.reason == Code::none);
    const std::string counted = verdict.counted ? "counted" : std::string(name_of(verdict.reason));
    return counted + (verdict.exempt ? " exempt" : "");
  }

  std::string card_text(const Account& account) const {
    if (!account.card) return "-";
    const ExemptionCard& card = *account.card;
    EXPECT_EQ(card.rule_pack, ledger_.rules().hash());
    const auto issued = (card.issued_at.seconds - time_of_step(0).seconds) / 60;
    return std::string(card.state == CardState::active ? "active" : "underReview") + " from " +
           month_and_day(card.entitled_from) + " by " +
           std::to_string(number_of(card.crossing_guid)) + " in " + std::to_string(issued);
  }

  static std::string lines_text(const Account& account) {
    std::string text;
    for (const RefundLine& line : account.refund_lines) {
      if (!text.empty()) text += ' ';
      text += std::to_string(number_of(line.guid)) + ":" + signed_ore(line.amount);
    }
    return text.empty() ? "-" : text;
  }

  std::string events_text(std::size_t first) const {
    std::string text;
    for (std::size_t i = first; i < ledger_.store().events().size(); ++i) {
      const Event& event = ledger_.store().events()[i];
      if (!text.empty()) text += ' ';
      text += std::string(name_of(event.type));
      if (!event.amount.is_zero()) text += signed_ore(event.amount);
    }
    return text.empty() ? "-" : text;
  }

  TestLedger ledger_{small_rules(Money::from_ore(100))};
  int step_ = 0;
};

void expect_story(const std::vector<Step>& steps) { Story().run(steps); }

TEST(Post, issues_the_card_when_the_sum_reaches_the_ceiling) {
  expect_story({
      {"report 1 60 08-01", "counted | 60 | - | - | -"},
      {"report 2 40 08-02", "counted exempt | 100 | active from 08-02 by 2 in 2 | - | cardIssued"},
  });
}

TEST(Post, issues_no_card_one_ore_under_the_ceiling) {
  expect_story({
      {"report 1 60 08-01", "counted | 60 | - | - | -"},
      {"report 2 39 08-02", "counted | 99 | - | - | -"},
      {"report 3 1 08-03", "counted exempt | 100 | active from 08-03 by 3 in 3 | - | cardIssued"},
  });
}

TEST(Post, splits_the_crossing_item_between_sum_and_refund) {
  expect_story({
      {"report 1 60 08-01", "counted | 60 | - | - | -"},
      {"report 2 60 08-02",
       "counted exempt | 120 | active from 08-02 by 2 in 2 | 2:+20 | cardIssued refundDue+20"},
  });
}

TEST(Post, crosses_with_a_single_item) {
  expect_story({
      {"report 1 160 08-01",
       "counted exempt | 160 | active from 08-01 by 1 in 1 | 1:+60 | cardIssued refundDue+60"},
  });
}

TEST(Post, refunds_whole_items_above_the_ceiling) {
  expect_story({
      {"report 1 100 08-01", "counted exempt | 100 | active from 08-01 by 1 in 1 | - | cardIssued"},
      {"report 2 40 08-02",
       "counted exempt | 140 | active from 08-01 by 1 in 1 | 2:+40 | refundDue+40"},
      {"report 3 5 08-03",
       "counted exempt | 145 | active from 08-01 by 1 in 1 | 2:+40 3:+5 | refundDue+5"},
  });
}

TEST(Post, lets_a_payment_cross_with_the_guid_of_its_registration) {
  expect_story({
      {"report 1 60 08-01 unpaid", "UNPAID | 0 | - | - | -"},
      {"report 2 60 08-02", "counted | 60 | - | - | -"},
      {"pay 1",
       "counted exempt | 120 | active from 08-02 by 1 in 3 | 1:+20 | cardIssued refundDue+20"},
  });
}

TEST(Post, takes_the_payment_of_a_paid_item_without_effect) {
  expect_story({
      {"report 1 60 08-01", "counted | 60 | - | - | -"},
      {"pay 1", "counted | 60 | - | - | -"},
  });
}

TEST(Post, stores_zero_amounts_without_counting_them) {
  expect_story({
      {"report 1 0 08-01", "ZERO_AMOUNT | 0 | - | - | -"},
      {"report 2 0 08-01 unpaid", "UNPAID | 0 | - | - | -"},
      {"pay 2", "ZERO_AMOUNT | 0 | - | - | -"},
      {"report 3 100 08-02", "counted exempt | 100 | active from 08-02 by 3 in 4 | - | cardIssued"},
      {"report 4 0 08-03", "ZERO_AMOUNT exempt | 100 | active from 08-02 by 3 in 4 | - | -"},
      {"credit 4", "CREDITED exempt | 100 | active from 08-02 by 3 in 4 | - | -"},
  });
}

TEST(Post, names_the_first_reason_that_applies) {
  expect_story({
      {"report 1 0 08-01 unpaid", "UNPAID | 0 | - | - | -"},
      {"credit 1", "CREDITED | 0 | - | - | -"},
  });
}

TEST(Post, takes_a_credited_item_out_of_the_sum) {
  expect_story({
      {"report 1 60 08-01", "counted | 60 | - | - | -"},
      {"credit 1", "CREDITED | 0 | - | - | -"},
      {"report 2 60 08-01", "counted | 60 | - | - | -"},
      {"report 3 30 08-01 unpaid", "UNPAID | 60 | - | - | -"},
      {"credit 3", "CREDITED | 60 | - | - | -"},
  });
}

TEST(Post, nets_a_credited_item_out_of_its_own_lines_first) {
  expect_story({
      {"report 1 100 08-01", "counted exempt | 100 | active from 08-01 by 1 in 1 | - | cardIssued"},
      {"report 2 30 08-02",
       "counted exempt | 130 | active from 08-01 by 1 in 1 | 2:+30 | refundDue+30"},
      {"report 3 40 08-03",
       "counted exempt | 170 | active from 08-01 by 1 in 1 | 2:+30 3:+40 | refundDue+40"},
      {"credit 2",
       "CREDITED exempt | 140 | active from 08-01 by 1 in 1 | 2:+30 3:+40 2:-30 | "
       "refundNetted-30"},
  });
}

TEST(Post, nets_its_own_line_and_then_the_newest) {
  expect_story({
      {"report 1 60 08-01", "counted | 60 | - | - | -"},
      {"report 2 60 08-02",
       "counted exempt | 120 | active from 08-02 by 2 in 2 | 2:+20 | cardIssued refundDue+20"},
      {"report 3 40 08-03",
       "counted exempt | 160 | active from 08-02 by 2 in 2 | 2:+20 3:+40 | refundDue+40"},
      {"credit 2",
       "CREDITED exempt | 100 | active from 08-03 by 2 in 2 | 2:+20 3:+40 2:-20 3:-40 | "
       "entitlementMoved refundNetted-20 refundNetted-40"},
  });
}

TEST(Post, nets_the_newest_lines_when_the_item_has_none) {
  expect_story({
      {"report 1 60 08-01", "counted | 60 | - | - | -"},
      {"report 2 60 08-02",
       "counted exempt | 120 | active from 08-02 by 2 in 2 | 2:+20 | cardIssued refundDue+20"},
      {"report 3 40 08-03",
       "counted exempt | 160 | active from 08-02 by 2 in 2 | 2:+20 3:+40 | refundDue+40"},
      {"report 4 50 08-04",
       "counted exempt | 210 | active from 08-02 by 2 in 2 | 2:+20 3:+40 4:+50 | refundDue+50"},
      {"credit 1",
       "CREDITED exempt | 150 | active from 08-03 by 2 in 2 | 2:+20 3:+40 4:+50 4:-50 3:-10 | "
       "entitlementMoved refundNetted-50 refundNetted-10"},
      // Nothing of 4 is left to take, so all of it comes from 3 and 2.
      {"credit 4",
       "CREDITED exempt | 100 | active from 08-03 by 2 in 2 | "
       "2:+20 3:+40 4:+50 4:-50 3:-10 3:-30 2:-20 | refundNetted-30 refundNetted-20"},
  });
}

TEST(Post, keeps_the_card_under_review_when_credits_bring_the_sum_under_the_ceiling) {
  expect_story({
      {"report 1 60 08-01", "counted | 60 | - | - | -"},
      {"report 2 60 08-02",
       "counted exempt | 120 | active from 08-02 by 2 in 2 | 2:+20 | cardIssued refundDue+20"},
      {"credit 1",
       "CREDITED exempt | 60 | underReview from 08-02 by 2 in 2 | 2:+20 2:-20 | "
       "cardUnderReview refundNetted-20"},
      {"credit 2", "CREDITED exempt | 0 | underReview from 08-02 by 2 in 2 | 2:+20 2:-20 | -"},
      {"report 3 99 08-03",
       "counted exempt | 99 | underReview from 08-02 by 2 in 2 | 2:+20 2:-20 | -"},
  });
}

TEST(Post, reinstates_the_card_with_its_issue_and_a_new_entitlement) {
  expect_story({
      {"report 1 100 08-01", "counted exempt | 100 | active from 08-01 by 1 in 1 | - | cardIssued"},
      {"credit 1", "CREDITED exempt | 0 | underReview from 08-01 by 1 in 1 | - | cardUnderReview"},
      {"report 2 60 08-05", "counted exempt | 60 | underReview from 08-01 by 1 in 1 | - | -"},
      {"report 3 60 08-07",
       "counted exempt | 120 | active from 08-07 by 1 in 1 | 3:+20 | "
       "cardReinstated entitlementMoved refundDue+20"},
      {"credit 2",
       "CREDITED exempt | 60 | underReview from 08-07 by 1 in 1 | 3:+20 3:-20 | "
       "cardUnderReview refundNetted-20"},
      {"report 4 40 08-04",
       "counted exempt | 100 | active from 08-07 by 1 in 1 | 3:+20 3:-20 | cardReinstated"},
  });
}

TEST(Post, moves_the_entitlement_back_for_a_late_item) {
  expect_story({
      {"report 1 60 08-10", "counted | 60 | - | - | -"},
      {"report 2 60 08-20",
       "counted exempt | 120 | active from 08-20 by 2 in 2 | 2:+20 | cardIssued refundDue+20"},
      {"report 3 60 08-01",
       "counted exempt | 180 | active from 08-10 by 2 in 2 | 2:+20 3:+60 | "
       "entitlementMoved refundDue+60"},
      {"report 4 5 08-30",
       "counted exempt | 185 | active from 08-10 by 2 in 2 | 2:+20 3:+60 4:+5 | refundDue+5"},
  });
}

TEST(Post, moves_the_entitlement_forward_for_a_credit) {
  expect_story({
      {"report 1 100 08-01", "counted exempt | 100 | active from 08-01 by 1 in 1 | - | cardIssued"},
      {"report 2 100 08-20",
       "counted exempt | 200 | active from 08-01 by 1 in 1 | 2:+100 | refundDue+100"},
      {"credit 1",
       "CREDITED exempt | 100 | active from 08-20 by 1 in 1 | 2:+100 2:-100 | "
       "entitlementMoved refundNetted-100"},
  });
}

TEST(Post, is_entitled_from_before_the_crossing_item_when_that_came_late) {
  expect_story({
      {"report 1 60 08-20", "counted | 60 | - | - | -"},
      {"report 2 60 08-01",
       "counted exempt | 120 | active from 08-20 by 2 in 2 | 2:+20 | cardIssued refundDue+20"},
      {"report 3 90 07-01",
       "counted exempt | 210 | active from 08-01 by 2 in 2 | 2:+20 3:+90 | "
       "entitlementMoved refundDue+90"},
  });
}

TEST(Post, adds_up_the_items_of_one_day) {
  expect_story({
      {"report 1 30 08-02", "counted | 30 | - | - | -"},
      {"report 2 30 08-02", "counted | 60 | - | - | -"},
      {"report 3 30 08-02", "counted | 90 | - | - | -"},
      {"report 4 30 08-02",
       "counted exempt | 120 | active from 08-02 by 4 in 4 | 4:+20 | cardIssued refundDue+20"},
      {"credit 2",
       "CREDITED exempt | 90 | underReview from 08-02 by 4 in 4 | 4:+20 4:-20 | "
       "cardUnderReview refundNetted-20"},
  });
}

/// With work for each pair of a registration and a line it would take minutes.
TEST(Posting, nets_thousands_of_registrations_in_one_walk) {
  constexpr int count = 20'000;
  const Money amount = Money::from_ore(200);
  const Money half = Money::from_ore(100 * count);
  PostContext context;
  context.ceiling = half;
  context.position = Position{1'000'000};
  Account account;
  Posting posting(context, account);
  std::vector<Countable> registrations;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Date day = Date{std::chrono::year{2025} / 3 / 1} + std::chrono::days{i % 28};
    registrations.push_back({Position{i + 1}, guid_of(i + 1), day, amount});
    posting.start(registrations.back());
  }
  EXPECT_EQ(account.refunded(), half);
  for (const Countable& registration : registrations) posting.stop(registration);
  EXPECT_EQ(account.counted_sum, Money());
  EXPECT_EQ(account.refunded(), Money());
  for (const Countable& registration : registrations) {
    ASSERT_EQ(posting.refunded(registration.position), Money());
  }
}

}  // namespace
}  // namespace ledger::test
