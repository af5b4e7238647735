#include "ledger/records/registry_event.h"

#include <gtest/gtest.h>

#include <string>

#include "ledger/records/fingerprint.h"
#include "ledger/records/registration.h"
#include "tests/support/builders.h"

namespace ledger::test {
namespace {

TEST(RegistryPeriods, have_both_days_included) {
  const std::vector<Period> periods{{date("2024-02-01"), date("2024-02-29")},
                                    {date("2024-04-01"), {}}};
  for (const auto& [day, is_covered] :
       std::vector<std::pair<const char*, bool>>{{"2024-01-31", false},
                                                 {"2024-02-01", true},
                                                 {"2024-02-29", true},
                                                 {"2024-03-01", false},
                                                 {"2024-03-31", false},
                                                 {"2024-04-01", true},
                                                 {"9999-12-31", true}}) {
    EXPECT_EQ(covers(periods, date(day)), is_covered) << day;
  }
  EXPECT_FALSE(covers({}, date("2024-02-01")));
}

TEST(RegistryPeriods, follow_each_other_and_only_the_last_goes_on) {
  const Period first{date("2024-01-01"), date("2024-01-31")};
  EXPECT_TRUE(are_in_order({}));
  EXPECT_TRUE(are_in_order({{date("2024-01-01"), date("2024-01-01")}}));
  EXPECT_TRUE(are_in_order({first, {date("2024-02-01"), {}}}));
  EXPECT_FALSE(are_in_order({{date("2024-01-02"), date("2024-01-01")}}));
  EXPECT_FALSE(are_in_order({first, {date("2024-01-31"), {}}}));
  EXPECT_FALSE(are_in_order({{date("2024-01-01"), {}}, {date("2025-01-01"), {}}}));
}

TEST(RegistryBirthDate, makes_16_on_the_same_day_or_the_first_of_march) {
  for (const auto& [birth, birthday] :
       std::vector<std::pair<const char*, const char*>>{{"2008-06-15", "2024-06-15"},
                                                        {"2008-02-29", "2024-02-29"},
                                                        {"2084-02-29", "2100-03-01"},
                                                        {"1884-02-29", "1900-03-01"}}) {
    EXPECT_EQ(sixteenth_birthday(date(birth)), date(birthday)) << birth;
  }
}

TEST(RegistryContent, has_every_field_but_the_time_of_receipt) {
  PersonEvent event;
  event.person = person_number(1);
  event.date = date("1990-01-01");
  const std::uint64_t hash = content_hash_of(event);
  PersonEvent same = event;
  same.received.seconds += 1;
  EXPECT_EQ(content_hash_of(same), hash);
  PersonEvent other = event;
  other.date = date("1990-01-02");
  EXPECT_NE(content_hash_of(other), hash);
  other = event;
  other.date.reset();
  EXPECT_NE(content_hash_of(other), hash);
  other = event;
  other.type = PersonEventType::died;
  EXPECT_NE(content_hash_of(other), hash);
  other = event;
  other.periods = {{date("2024-01-01"), {}}};
  EXPECT_NE(content_hash_of(other), hash);

  PracticeEvent practice;
  practice.name = "a";
  practice.organisation_numbers = {"1"};
  PracticeEvent moved = practice;
  std::swap(moved.organisation_numbers, moved.hpr_numbers);
  EXPECT_NE(content_hash_of(moved), content_hash_of(practice));
}

}  // namespace
}  // namespace ledger::test
