#include "ledger/values/practice_numbers.h"

#include <gtest/gtest.h>

namespace ledger::test {
namespace {

TEST(OrganisationNumber, has_nine_digits_of_which_the_last_checks_the_others) {
  for (const char* const right : {"974760673", "309538919", "339065284", "000000000"}) {
    EXPECT_TRUE(is_organisation_number(right)) << right;
  }
  for (const char* const wrong :
       {"974760674", "97476067", "9747606730", "97476067x", "0192:3095", ""}) {
    EXPECT_FALSE(is_organisation_number(wrong)) << wrong;
  }
}

TEST(HprNumber, has_one_to_nine_digits) {
  for (const char* const right : {"1", "9144897", "999999999"}) {
    EXPECT_TRUE(is_hpr_number(right)) << right;
  }
  for (const char* const wrong : {"", "1234567890", "914489x", " 9144897"}) {
    EXPECT_FALSE(is_hpr_number(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace ledger::test
