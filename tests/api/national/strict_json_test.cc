#include "api/national/strict_json.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace api::test {
namespace {

/// "-" when there is none: a name may be empty.
std::string repeated_of(const std::string& text) {
  const auto object = StrictObject::parse(text);
  EXPECT_TRUE(object) << text;
  return object ? std::string(object->repeated().value_or("-")) : "";
}

TEST(StrictObject, names_the_first_member_that_is_there_before) {
  EXPECT_EQ(repeated_of(R"({"a":1,"b":2,"c":3})"), "-");
  EXPECT_EQ(repeated_of(R"({"":1,"b":2})"), "-");
  EXPECT_EQ(repeated_of(R"({"":1,"b":2,"":3,"b":4})"), "");
  EXPECT_EQ(repeated_of(R"({"a":1,"b":2,"b":3,"a":4})"), "b");
  EXPECT_EQ(repeated_of(R"({"a":1,"\u0061":2})"), "a");
}

TEST(StrictObject, takes_any_number_for_one) {
  for (const std::string number : {"1e400", "12345678901234567890123", "1e999999999999"}) {
    const auto object = StrictObject::parse(R"({"a":)" + number + R"(,"b":"1e400"})");
    ASSERT_TRUE(object) << number;
    EXPECT_FALSE(object->text("a"));
    EXPECT_EQ(object->text("b"), "1e400");
  }
  EXPECT_FALSE(StrictObject::parse(R"({"a":01e400})"));
}

TEST(StrictObject, looks_for_repeated_names_in_good_time) {
  std::string text = "{\"first\":0";
  for (int i = 0; i < 100'000; ++i)
    text += ",\"a name of some length " + std::to_string(i) + "\":0";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(repeated_of(text + "}"), "-");
  // Looking at all pairs takes more than ten times as long.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{3});
}

}  // namespace
}  // namespace api::test
