#include "ledger/values/rfc3339.h"

#include <gtest/gtest.h>

#include "tests/support/builders.h"
#include "tests/support/print.h"
#include "tests/support/prng.h"

namespace ledger::test {
namespace {

TEST(Rfc3339, accepts_every_way_to_write_a_time) {
  struct Row {
    const char* text;
    Instant instant;
  };
  for (const Row& row : {
           Row{"1970-01-01T00:00:00Z", {0, 0}},
           Row{"1970-01-01t00:00:00z", {0, 0}},
           Row{"1970-01-01T00:00:00+00:00", {0, 0}},
           Row{"1970-01-01T00:00:00-00:00", {0, 0}},
           Row{"1970-01-01T01:00:00+01:00", {0, 0}},
           Row{"1969-12-31T23:59:59Z", {-1, 0}},
           Row{"1969-12-31T23:59:59.5Z", {-1, 500'000'000}},
           Row{"2025-03-01T10:00:00+01:00", {1'740'819'600, 0}},
           Row{"2025-03-01T10:00:00.1+01:00", {1'740'819'600, 100'000'000}},
           Row{"2025-03-01T10:00:00.000000001+01:00", {1'740'819'600, 1}},
           Row{"2025-03-01T10:00:00.999999999+01:00", {1'740'819'600, 999'999'999}},
           Row{"2025-03-01T10:00:00.120+01:00", {1'740'819'600, 120'000'000}},
           Row{"2025-03-01T14:30:00+05:30", {1'740'819'600, 0}},
           Row{"2025-02-28T23:30:00-09:30", {1'740'819'600, 0}},
           Row{"2025-03-02T08:59:00+23:59", {1'740'819'600, 0}},
           Row{"2024-02-29T00:00:00Z", {1'709'164'800, 0}},
           Row{"2000-02-29T23:59:59Z", {951'868'799, 0}},
           Row{"0000-01-01T00:00:00Z", {-62'167'219'200, 0}},
           Row{"9999-12-31T23:59:59Z", {253'402'300'799, 0}},
       }) {
    const auto parsed = parse_rfc3339(row.text);
    ASSERT_TRUE(parsed.has_value()) << row.text;
    EXPECT_EQ(*parsed, row.instant) << row.text;
  }
}

TEST(Rfc3339, refuses_everything_else) {
  for (const std::string_view text : {
           "",
           "2025",
           "2025-03-01",
           "2025-03-01T10:00:00",
           "2025-03-01T10:00Z",
           "2025-03-01 10:00:00Z",
           "2025-03-01_10:00:00Z",
           "2025-3-01T10:00:00Z",
           "2025-03-1T10:00:00Z",
           "25-03-01T10:00:00Z",
           "+2025-03-01T10:00:00Z",
           "-2025-03-01T10:00:00Z",
           "12025-03-01T10:00:00Z",
           "20250301T100000Z",
           "2025-00-01T10:00:00Z",
           "2025-13-01T10:00:00Z",
           "2025-01-00T10:00:00Z",
           "2025-01-32T10:00:00Z",
           "2025-04-31T10:00:00Z",
           "2025-02-29T10:00:00Z",
           "1900-02-29T10:00:00Z",
           "2025-03-01T24:00:00Z",
           "2025-03-01T10:60:00Z",
           "2025-03-01T10:00:60Z",
           "2016-12-31T23:59:60Z",
           "2025-03-01T10:00:61Z",
           "2025-03-01T-1:00:00Z",
           "2025-03-01T1:00:00Z",
           "2025-03-01T10:00:00.Z",
           "2025-03-01T10:00:00.1234567890Z",
           "2025-03-01T10:00:00,5Z",
           "2025-03-01T10:00:00.5",
           "2025-03-01T10:00:00.-5Z",
           "2025-03-01T10:00:00+1:00",
           "2025-03-01T10:00:00+0100",
           "2025-03-01T10:00:00+01",
           "2025-03-01T10:00:00+24:00",
           "2025-03-01T10:00:00+01:60",
           "2025-03-01T10:00:00+01:00:00",
           "2025-03-01T10:00:00*01:00",
           "2025-03-01T10:00:00ZZ",
           "2025-03-01T10:00:00Z ",
           " 2025-03-01T10:00:00Z",
           "2025-03-01T10:00:00Europe/Oslo",
           // A minus sign that is not the ASCII one; split, or `01` would belong to the escape.
           ("2025-03-01T10:00:00\xE2\x88\x92"
            "01:00"),
       }) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
  using std::string_view_literals::operator""sv;
  EXPECT_FALSE(parse_rfc3339("2025-03-01T10:00:00Z\0"sv).has_value());
}

TEST(Rfc3339, refuses_every_shortened_time) {
  const std::string text = "2025-03-01T10:00:00+01:00";
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse_rfc3339(text.substr(0, size)).has_value()) << size;
  }
}

TEST(Rfc3339, writes_the_local_time_of_oslo) {
  struct Row {
    const char* time;
    const char* written;
  };
  for (const Row& row : {
           Row{"2025-03-01T09:00:00Z", "2025-03-01T10:00:00+01:00"},
           Row{"2025-07-01T09:00:00Z", "2025-07-01T11:00:00+02:00"},
           Row{"2024-12-31T23:30:00Z", "2025-01-01T00:30:00+01:00"},
           Row{"2025-03-30T00:59:59Z", "2025-03-30T01:59:59+01:00"},
           Row{"2025-03-30T01:00:00Z", "2025-03-30T03:00:00+02:00"},
           // The hour that comes twice is told apart by its offset.
           Row{"2025-10-26T00:30:00Z", "2025-10-26T02:30:00+02:00"},
           Row{"2025-10-26T01:30:00Z", "2025-10-26T02:30:00+01:00"},
           Row{"2025-03-01T09:00:00.500Z", "2025-03-01T10:00:00.5+01:00"},
           Row{"2025-03-01T09:00:00.000000010Z", "2025-03-01T10:00:00.00000001+01:00"},
           Row{"2025-03-01T09:00:00.000Z", "2025-03-01T10:00:00+01:00"},
       }) {
    EXPECT_EQ(to_rfc3339(instant(row.time)), row.written) << row.time;
  }
}

TEST(Rfc3339, reads_back_what_it_writes) {
  Prng random(1);
  for (int i = 0; i < 20'000; ++i) {
    // From the year 1 to the year 9998, with and without decimals.
    const auto seconds = static_cast<std::int64_t>(random.below(315'500'000'000)) - 62'100'000'000;
    const auto nanoseconds =
        static_cast<std::int32_t>(random.chance(1, 2) ? 0 : random.below(1'000'000'000));
    const Instant original{seconds, nanoseconds};
    const auto parsed = parse_rfc3339(to_rfc3339(original));
    ASSERT_TRUE(parsed.has_value()) << to_rfc3339(original);
    EXPECT_EQ(*parsed, original);
  }
}

TEST(Date, reads_a_calendar_day_and_nothing_more) {
  ASSERT_TRUE(parse_date("2024-02-29").has_value());
  EXPECT_EQ(to_string(*parse_date("2024-02-29")), "2024-02-29");
  for (const std::string_view text : {"", "2025-02-29", "2025-2-01", "2025-02", "2025-02-01T",
                                      "2025-02-011", "2025/02/01", "2025-02-00", "x025-02-01"}) {
    EXPECT_FALSE(parse_date(text).has_value()) << text;
  }
}

TEST(Month, reads_a_calendar_month_and_nothing_more) {
  ASSERT_TRUE(parse_month("2025-12").has_value());
  EXPECT_EQ(to_string(*parse_month("2025-12")), "2025-12");
  for (const std::string_view text :
       {"", "2025", "2025-13", "2025-00", "2025-1", "2025-01-01", "2025-01 ", "202501"}) {
    EXPECT_FALSE(parse_month(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace ledger::test
