#include "storage/json/json.h"

#include <gtest/gtest.h>

namespace storage {
namespace {

TEST(Json, writes_each_kind_of_value) {
  EXPECT_EQ(Json().text(), "null");
  EXPECT_EQ(Json(true).text(), "true");
  EXPECT_EQ(Json(false).text(), "false");
  EXPECT_EQ(Json(0).text(), "0");
  EXPECT_EQ(Json(INT64_MIN).text(), "-9223372036854775808");
  EXPECT_EQ(Json(UINT64_MAX).text(), "18446744073709551615");
  EXPECT_EQ(Json(std::uint8_t{65}).text(), "65");
  EXPECT_EQ(Json("").text(), R"("")");
  EXPECT_EQ(Json(std::string("år")).text(), R"("år")");
  EXPECT_EQ(Json(std::string_view("a\"b\\c\n\0\x1f/", 9)).text(), R"("a\"b\\c\n\u0000\u001f/")");
  EXPECT_EQ(Json(std::optional<std::string>("a")).text(), R"("a")");
  EXPECT_EQ(Json(std::optional<int>()).text(), "null");
  EXPECT_EQ(Json::verbatim("[1]").text(), "[1]");
}

TEST(Json, keeps_the_decimals_that_were_asked_for) {
  EXPECT_EQ(Json::fixed(0.884, 6).text(), "0.884000");
  EXPECT_EQ(Json::fixed(0.9, 2).text(), "0.90");
  EXPECT_EQ(Json::fixed(1234567.5, 0).text(), "1234568");
  EXPECT_EQ(Json::fixed(-0.0005, 3).text(), "-0.001");
}

TEST(Json, keeps_members_and_elements_in_order) {
  EXPECT_EQ(Json::object().text(), "{}");
  EXPECT_EQ(Json::array().text(), "[]");
  Json object = Json::object({{"b", 1}, {"a", "x"}});
  object.add("c", Json::array({1, "two", Json::array(), Json::object({{"three", 3}})}));
  object.add("\"", Json());
  EXPECT_EQ(object.text(), R"({"b":1,"a":"x","c":[1,"two",[],{"three":3}],"\"":null})");
  Json array = Json::array();
  array.add(true).add(object);
  EXPECT_EQ(array.text(), "[true," + object.text() + "]");
}

}  // namespace
}  // namespace storage
