#include "ledger/values/national_id.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "tests/support/prng.h"

namespace ledger::test {
namespace {

constexpr NumberSeries production = NumberSeries::production;
constexpr NumberSeries with_tests = NumberSeries::production_and_tests;

struct Published {
  const char* number;
  bool in_production;
  const char* kind;
};

/// Numbers published as synthetic or as samples; no living person has them.
constexpr Published published[] = {
    {"22898595734", false, "Tenor"},
    {"53859401909", false, "Tenor, D-number"},
    {"17839597738", false, "Tenor"},
    {"47927200909", false, "Tenor, D-number"},
    {"25909799913", false, "Tenor"},
    {"13527248013", false, "month + 40"},
    {"68467038838", false, "D-number, month + 40"},
    {"02013299997", true, "sample of 2032, first remainder 0"},
    {"30108299939", true, "sample of 2032, first remainder 1"},
};

int two_digits(const std::string& text, std::size_t at) { return std::stoi(text.substr(at, 2)); }

/// The rule once more, in other words: a real calendar supplies the date, and each remainder is
/// worked out by itself.
bool is_valid_by_computation(const std::string& number, NumberSeries series) {
  int day = two_digits(number, 0);
  if (day > 40) day -= 40;
  int month = two_digits(number, 2);
  if (series == with_tests) {
    if (month > 80) {
      month -= 80;
    } else if (month > 65) {
      month -= 65;
    } else if (month > 40) {
      month -= 40;
    }
  }
  // Any century will do: 2000 to 2099 has a leap day wherever some century has one.
  const std::chrono::year_month_day birth{std::chrono::year{2000 + two_digits(number, 4)},
                                          std::chrono::month{static_cast<unsigned>(month)},
                                          std::chrono::day{static_cast<unsigned>(day)}};
  const auto weighed = [&](std::string_view weights) {
    int sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      sum += (weights[i] - '0') * (number[i] - '0');
    }
    return sum % 11;
  };
  return birth.ok() && weighed("3761894521") <= 3 && weighed("54327654321") == 0;
}

std::string with_check_digits(std::uint32_t first_nine) {
  const auto check = check_digits(first_nine);
  char text[16];
  std::snprintf(text, sizeof text, "%09u%02u", first_nine, check.value_or(0));
  return check ? text : "";
}

TEST(NationalId, accepts_the_published_numbers_where_their_series_is_allowed) {
  for (const Published& row : published) {
    EXPECT_EQ(NationalId::parse(row.number, production).has_value(), row.in_production) << row.kind;
    EXPECT_TRUE(NationalId::parse(row.number, with_tests).has_value()) << row.kind;
  }
}

TEST(NationalId, keeps_the_digits_as_an_integer) {
  EXPECT_EQ(NationalId::parse("02013299997", production)->value(), 2013299997U);
  EXPECT_EQ(NationalId::parse("02013299997", production),
            NationalId::parse("02013299997", with_tests));
}

TEST(NationalId, refuses_or_recomputes_every_changed_digit) {
  int refused = 0;
  int changed_count = 0;
  for (const Published& row : published) {
    for (std::size_t at = 0; at < NationalId::digits; ++at) {
      for (char digit = '0'; digit <= '9'; ++digit) {
        std::string changed = row.number;
        if (changed[at] == digit) continue;
        changed[at] = digit;
        for (const NumberSeries series : {production, with_tests}) {
          const bool is_accepted = NationalId::parse(changed, series).has_value();
          EXPECT_EQ(is_accepted, is_valid_by_computation(changed, series)) << changed;
          ++changed_count;
          if (!is_accepted) ++refused;
        }
      }
    }
  }
  // The second check digit catches a single wrong digit: every weight is prime to 11.
  EXPECT_EQ(refused, changed_count);
}

TEST(NationalId, agrees_with_the_rule_on_random_digits) {
  Prng random(2032);
  int accepted = 0;
  for (int i = 0; i < 300'000; ++i) {
    char text[16];
    std::snprintf(text, sizeof text, "%02u%02u%02u%05u", static_cast<unsigned>(random.below(80)),
                  static_cast<unsigned>(random.below(100)),
                  static_cast<unsigned>(random.below(100)),
                  static_cast<unsigned>(random.below(100'000)));
    for (const NumberSeries series : {production, with_tests}) {
      const bool is_accepted = NationalId::parse(text, series).has_value();
      ASSERT_EQ(is_accepted, is_valid_by_computation(text, series)) << text;
      accepted += is_accepted;
    }
  }
  EXPECT_GT(accepted, 1000);
}

TEST(NationalId, refuses_what_is_not_eleven_digits) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text :
       {""sv, "0201329999"sv, "020132999970"sv, " 02013299997"sv, "0201329999 "sv, "020132 99997"sv,
        "0201329999x"sv, "+2013299997"sv, "-2013299997"sv,
        "02013299\x00"
        "97"sv,
        "\xD9\xA0"
        "201329999"sv,
        "02013299997\n"sv}) {
    EXPECT_FALSE(NationalId::parse(text, with_tests).has_value()) << text;
  }
}

TEST(NationalId, accepts_the_first_remainders_of_2032_and_no_others) {
  // 1 February 1990, serial 300: all ten first check digits, each with the second that suits it.
  int accepted = 0;
  for (int first = 0; first < 10; ++first) {
    for (int second = 0; second < 10; ++second) {
      const std::string number = "010290300" + std::to_string(first) + std::to_string(second);
      const int remainder = (0 * 3 + 1 * 7 + 0 * 6 + 2 * 1 + 9 * 8 + 0 * 9 + 3 * 4 + first) % 11;
      const bool is_accepted = NationalId::parse(number, production).has_value();
      EXPECT_EQ(is_accepted, is_valid_by_computation(number, production)) << number;
      if (is_accepted) {
        EXPECT_LE(remainder, 3) << number;
        ++accepted;
      }
    }
  }
  EXPECT_GE(accepted, 3);
  EXPECT_LE(accepted, 4);
}

TEST(NationalId, accepts_a_leap_day_only_in_years_that_may_have_one) {
  struct Row {
    unsigned first_six;
    bool is_date;
  };
  for (const Row& row :
       {Row{290200, true}, Row{290224, true}, Row{290296, true}, Row{290225, false},
        Row{290299, false}, Row{300224, false}, Row{310424, false}, Row{310524, true},
        Row{320124, false}, Row{24, false}, Row{10024, false}, Row{11324, false}}) {
    int tried = 0;
    for (unsigned serial = 100; serial < 120; ++serial) {
      const std::string number = with_check_digits(row.first_six * 1000 + serial);
      if (number.empty()) continue;
      ++tried;
      EXPECT_EQ(NationalId::parse(number, with_tests).has_value(), row.is_date) << number;
    }
    EXPECT_GT(tried, 0);
  }
}

TEST(NationalId, knows_the_series_by_day_and_month) {
  struct Row {
    unsigned first_six;
    bool in_production;
    bool with_tests;
  };
  for (const Row& row : {
           Row{10190, true, true},     // fødselsnummer
           Row{410190, true, true},    // D-number
           Row{710190, true, true},    // D-number of the 31st
           Row{720190, false, false},  // the 32nd
           Row{400190, false, false},  // neither day 40 nor D-number of day 0
           Row{810190, false, false},  // shared help number
           Row{14190, false, true},    // month + 40
           Row{15290, false, true},    // month + 40, December
           Row{15390, false, false},   //
           Row{16590, false, false},   //
           Row{16690, false, true},    // month + 65
           Row{17790, false, true},    // month + 65, December
           Row{17890, false, false},   //
           Row{18090, false, false},   //
           Row{18190, false, true},    // month + 80
           Row{19290, false, true},    // month + 80, December
           Row{19390, false, false},   //
           Row{418190, false, true},   // D-number, month + 80
           Row{12190, false, false},   // month + 20 is no series of persons
           Row{14090, false, false},   //
       }) {
    const std::string number = [&] {
      for (unsigned serial = 100;; ++serial) {
        std::string candidate = with_check_digits(row.first_six * 1000 + serial);
        if (!candidate.empty()) return candidate;
      }
    }();
    EXPECT_EQ(NationalId::parse(number, production).has_value(), row.in_production) << number;
    EXPECT_EQ(NationalId::parse(number, with_tests).has_value(), row.with_tests) << number;
  }
}

TEST(CheckDigits, complete_the_published_numbers) {
  for (const Published& row : published) {
    if (std::string_view(row.number) == "30108299939") continue;  // only by the rule of 2032
    const std::string number = row.number;
    EXPECT_EQ(with_check_digits(static_cast<std::uint32_t>(std::stoul(number.substr(0, 9)))),
              number);
  }
}

TEST(CheckDigits, are_the_only_ones_with_first_remainder_0) {
  int without = 0;
  for (std::uint32_t serial = 0; serial < 1000; ++serial) {
    const std::uint32_t nine = 10'190'000 + serial;
    int found = 0;
    for (unsigned check = 0; check < 100; ++check) {
      char text[16];
      std::snprintf(text, sizeof text, "%09u%02u", nine, check);
      const std::string number = text;
      int first = number[9] - '0';
      for (std::size_t i = 0; i < 9; ++i) first += ("376189452"[i] - '0') * (number[i] - '0');
      if (first % 11 == 0 && NationalId::parse(number, production)) {
        EXPECT_EQ(check_digits(nine), check);
        ++found;
      }
    }
    EXPECT_EQ(found, check_digits(nine).has_value() ? 1 : 0) << nine;
    without += !check_digits(nine).has_value();
  }
  // Each of the two digits is 10 for one number in eleven.
  EXPECT_NEAR(without, 174, 40);
}

}  // namespace
}  // namespace ledger::test
