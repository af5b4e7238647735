#include "ledger/values/oslo_time.h"

#include <gtest/gtest.h>

#include "ledger/values/rfc3339.h"
#include "tests/support/builders.h"
#include "tests/support/print.h"

namespace ledger::test {
namespace {

TEST(OsloTime, changes_to_summer_time_on_the_last_sunday_of_march_at_one_utc) {
  for (const char* day :
       {"1996-03-31", "2000-03-26", "2020-03-29", "2021-03-28", "2022-03-27", "2023-03-26",
        "2024-03-31", "2025-03-30", "2026-03-29", "2027-03-28", "2032-03-28", "2037-03-29"}) {
    const Instant change = instant(std::string(day) + "T01:00:00Z");
    EXPECT_EQ(oslo_offset_seconds(change), 7200) << day;
    EXPECT_EQ(oslo_offset_seconds({change.seconds - 1, 999'999'999}), 3600) << day;
  }
}

TEST(OsloTime, changes_to_winter_time_on_the_last_sunday_of_october_at_one_utc) {
  for (const char* day :
       {"1996-10-27", "2000-10-29", "2020-10-25", "2021-10-31", "2022-10-30", "2023-10-29",
        "2024-10-27", "2025-10-26", "2026-10-25", "2027-10-31", "2032-10-31", "2037-10-25"}) {
    const Instant change = instant(std::string(day) + "T01:00:00Z");
    EXPECT_EQ(oslo_offset_seconds(change), 3600) << day;
    EXPECT_EQ(oslo_offset_seconds({change.seconds - 1, 999'999'999}), 7200) << day;
  }
}

TEST(OsloTime, names_the_calendar_day_of_clocks_in_norway) {
  struct Row {
    const char* time;
    const char* day;
  };
  for (const Row& row : {
           Row{"2025-06-15T12:00:00Z", "2025-06-15"},
           // The New Year comes an hour earlier than in UTC: this is what decides the ceiling year.
           Row{"2024-12-31T22:59:59.999999999Z", "2024-12-31"},
           Row{"2024-12-31T23:00:00Z", "2025-01-01"},
           Row{"2025-01-01T00:30:00+01:00", "2025-01-01"},
           Row{"2025-12-31T23:59:59+01:00", "2025-12-31"},
           Row{"2025-01-01T00:59:59+02:00", "2024-12-31"},
           // Midnight is at 22:00 UTC in summer.
           Row{"2025-07-01T21:59:59Z", "2025-07-01"},
           Row{"2025-07-01T22:00:00Z", "2025-07-02"},
           // The days on which the clock changes begin by the old time.
           Row{"2025-03-29T22:59:59Z", "2025-03-29"},
           Row{"2025-03-29T23:00:00Z", "2025-03-30"},
           Row{"2025-03-30T21:59:59Z", "2025-03-30"},
           Row{"2025-03-30T22:00:00Z", "2025-03-31"},
           Row{"2025-10-25T21:59:59Z", "2025-10-25"},
           Row{"2025-10-25T22:00:00Z", "2025-10-26"},
           Row{"2025-10-26T22:59:59Z", "2025-10-26"},
           Row{"2025-10-26T23:00:00Z", "2025-10-27"},
           Row{"2024-02-28T23:00:00Z", "2024-02-29"},
           // Before the epoch seconds are negative.
           Row{"1969-12-31T22:59:59Z", "1969-12-31"},
           Row{"1969-12-31T23:00:00Z", "1970-01-01"},
       }) {
    EXPECT_EQ(to_string(oslo_date(instant(row.time))), row.day) << row.time;
  }
}

TEST(OsloTime, takes_year_and_month_from_a_date) {
  EXPECT_EQ(year_of(date("2024-12-31")), 2024);
  EXPECT_EQ(year_of(date("2025-01-01")), 2025);
  EXPECT_EQ(to_string(month_of(date("2025-01-31"))), "2025-01");
}

TEST(OsloTime, adds_seconds_to_an_instant) {
  EXPECT_EQ((Instant{10, 5} + std::chrono::minutes{5}), (Instant{310, 5}));
  EXPECT_LT((Instant{10, 5}), (Instant{10, 6}));
  EXPECT_LT((Instant{10, 999'999'999}), (Instant{11, 0}));
}

TEST(LastDayToReport, is_the_last_day_of_the_sixth_month_after_the_month_of_service) {
  struct Row {
    const char* service;
    const char* last_day;
  };
  for (const Row& row : {Row{"2025-01-01", "2025-07-31"}, Row{"2025-01-31", "2025-07-31"},
                         Row{"2025-02-28", "2025-08-31"}, Row{"2024-02-29", "2024-08-31"},
                         Row{"2025-03-31", "2025-09-30"}, Row{"2025-04-01", "2025-10-31"},
                         Row{"2025-04-30", "2025-10-31"}, Row{"2025-05-31", "2025-11-30"},
                         Row{"2025-06-30", "2025-12-31"}, Row{"2025-07-31", "2026-01-31"},
                         Row{"2025-08-31", "2026-02-28"}, Row{"2023-08-31", "2024-02-29"},
                         Row{"2099-08-15", "2100-02-28"}, Row{"2025-09-30", "2026-03-31"},
                         Row{"2025-12-31", "2026-06-30"}}) {
    EXPECT_EQ(to_string(last_day_to_report(date(row.service))), row.last_day) << row.service;
  }
}

TEST(LastDayToCredit, is_three_years_after_the_service) {
  struct Row {
    const char* service;
    const char* last_day;
  };
  for (const Row& row : {Row{"2025-03-01", "2028-03-01"}, Row{"2021-02-28", "2024-02-28"},
                         Row{"2024-02-29", "2027-02-28"}, Row{"2024-03-01", "2027-03-01"},
                         Row{"2024-12-31", "2027-12-31"}, Row{"2025-01-01", "2028-01-01"}}) {
    EXPECT_EQ(to_string(last_day_to_credit(date(row.service))), row.last_day) << row.service;
  }
}

}  // namespace
}  // namespace ledger::test
