#include "api/runtime/auth_config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/storage/temp_folder.h"

namespace api::test {
namespace {

Config config_of(const std::string& text) {
  const storage::test::TempFolder folder;
  const auto path = folder / "frikort.toml";
  std::ofstream(path) << text;
  return read_config(path.string());
}

NationalSettings national(const std::string& lines) {
  return config_of("[national]\n" + lines).national;
}

TEST(AuthConfig, takes_test_persons_in_tokens_only_where_their_numbers_are_accepted) {
  EXPECT_EQ(config_of("").auth.series, ledger::NumberSeries::production);
  EXPECT_EQ(config_of("accept_test_numbers = false").auth.series, ledger::NumberSeries::production);
  EXPECT_EQ(config_of("accept_test_numbers = true").auth.series,
            ledger::NumberSeries::production_and_tests);
}

TEST(AuthConfig, has_the_next_key_of_the_card_query_served_long_before_one_ends) {
  EXPECT_EQ(national("").key_age_max, std::chrono::days{30});
  EXPECT_EQ(national("key_days = 30").key_age_max, std::chrono::days{10});
  for (const char* const days : {"2", "3", "4", "45", "90", "3650"}) {
    const NationalSettings settings = national(std::string("key_days = ") + days);
    EXPECT_LE(2 * settings.key_age_max, settings.key_life) << days;
  }
  EXPECT_EQ(national("key_days = 1").key_age_max, std::chrono::days{1}) << "there is no less";
  EXPECT_EQ(national("key_days = 60\nkey_rotate_days = 30").key_age_max, std::chrono::days{30});
}

TEST(AuthConfig, refuses_a_key_of_the_card_query_that_ends_before_the_next_is_known) {
  for (const char* const lines : {"key_rotate_days = 46", "key_days = 60\nkey_rotate_days = 60",
                                  "key_days = 2\nkey_rotate_days = 2"}) {
    const std::string said = storage::test::error_of([&] { national(lines); });
    EXPECT_NE(said.find("`national.key_rotate_days`"), std::string::npos) << said;
    EXPECT_NE(said.find("remedy: at most "), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace api::test
