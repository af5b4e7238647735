#include "api/runtime/new_year.h"

#include <gtest/gtest.h>

namespace api::test {
namespace {

using std::chrono::year_month_day;

ledger::Date date(int year, unsigned month, unsigned day) {
  return ledger::Date{
      year_month_day{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}}};
}

/// Ceilings up to 2026.
ledger::RulePack rules() {
  auto ceilings = ledger::RulePack::published_ceilings();
  ceilings.erase(ceilings.upper_bound(2026), ceilings.end());
  return {ceilings, {}};
}

TEST(CeilingWarning, begins_on_the_first_of_december) {
  EXPECT_EQ(ceiling_warning(rules(), date(2026, 1, 1)), "");
  EXPECT_EQ(ceiling_warning(rules(), date(2026, 11, 30)), "");
  EXPECT_NE(ceiling_warning(rules(), date(2026, 12, 1)).find("2027"), std::string::npos);
  EXPECT_NE(ceiling_warning(rules(), date(2026, 12, 31)).find("2027"), std::string::npos);
}

TEST(CeilingWarning, goes_on_in_the_year_without_ceiling) {
  EXPECT_NE(ceiling_warning(rules(), date(2027, 1, 1)).find("2027"), std::string::npos);
  const std::string december = ceiling_warning(rules(), date(2027, 12, 1));
  EXPECT_NE(december.find("2027"), std::string::npos) << "the year at hand comes first";
  EXPECT_EQ(december.find("2028"), std::string::npos);
}

TEST(CeilingWarning, says_what_to_do) {
  const std::string warning = ceiling_warning(rules(), date(2026, 12, 1));
  for (const char* const part :
       {"NO_RULES_FOR_YEAR", "`2027 = KRONER`", "[ceilings]", "--config"}) {
    EXPECT_NE(warning.find(part), std::string::npos) << part;
  }
}

TEST(CeilingWarning, is_silent_when_the_coming_year_is_there) {
  auto ceilings = rules().ceilings();
  ceilings[2027] = {ledger::Money::from_kroner(3400), "configuration"};
  EXPECT_EQ(ceiling_warning({ceilings, {}}, date(2026, 12, 31)), "");
}

}  // namespace
}  // namespace api::test
