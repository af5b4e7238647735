#include "storage/closing/closing.h"

#include <gtest/gtest.h>

#include "ledger/values/rfc3339.h"
#include "tests/storage/ledger_with_writer.h"
#include "tests/storage/temp_folder.h"
#include "tests/storage/workload.h"
#include "tests/support/print.h"

namespace storage::test {
namespace {

using ledger::Date;

Date day(int year, unsigned month, unsigned of_month) {
  return std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{of_month};
}

/// A ledger with co-payments of 2024.
class ClosingTest : public testing::Test {
 protected:
  ClosingTest() : ledger_(options_in(temp_ / "data")) {
    ledger_.commit_in_groups(Workload(77, 60).take(500), 100);
  }

  /// The code of the refusal; empty when there is none.
  std::string refusal(int year, Date today, bool is_early = false) {
    const auto found = closing_refusal(ledger_.files(), year, today, is_early);
    return found ? std::string(found->code) : "";
  }

  TempFolder temp_;
  LedgerWithWriter ledger_;
};

TEST_F(ClosingTest, a_year_that_is_over_can_be_closed) {
  EXPECT_EQ(refusal(2024, day(2025, 1, 1)), "");
  EXPECT_EQ(refusal(2024, day(2030, 1, 1)), "");
}

TEST_F(ClosingTest, a_year_that_is_not_over_only_early) {
  EXPECT_EQ(refusal(2024, day(2024, 12, 31)), "YEAR_NOT_OVER");
  EXPECT_EQ(refusal(2024, day(2024, 12, 31), true), "");
  const auto found = closing_refusal(ledger_.files(), 2024, day(2024, 6, 1), false);
  EXPECT_NE(found.value().reason.find("until 2025-06-30"), std::string::npos) << found->reason;
}

TEST_F(ClosingTest, a_year_without_copayments_or_ceiling_never) {
  EXPECT_EQ(refusal(2021, day(2025, 1, 1)), "NO_REGISTRATIONS");
  EXPECT_EQ(refusal(2021, day(2025, 1, 1), true), "NO_REGISTRATIONS");
  EXPECT_EQ(refusal(1999, day(2025, 1, 1), true), "NO_RULES_FOR_YEAR");
}

TEST_F(ClosingTest, a_dry_run_wants_a_ceiling_only) {
  EXPECT_FALSE(dry_run_refusal(ledger_.files(), 2021));
  EXPECT_EQ(dry_run_refusal(ledger_.files(), 1999).value().code, "NO_RULES_FOR_YEAR");
}

TEST(Closing, knows_until_when_items_of_a_year_may_come) {
  EXPECT_EQ(ledger::to_string(last_day_to_report_year(2024)), "2025-06-30");
  EXPECT_EQ(ledger::to_string(last_day_to_credit_year(2024)), "2027-12-31");
}

}  // namespace
}  // namespace storage::test
