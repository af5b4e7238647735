#include "api/v1/request_fields.h"

#include <gtest/gtest.h>

#include <string>

#include "ingest/items/item_parser.h"

namespace api::test {
namespace {

/// What is wrong with a body of `a`, `b` and perhaps `c`: code and field.
std::string fault_of(std::string body) {
  body.reserve(body.size() + ingest::ItemParser::padding_bytes);
  RequestFields fields(body, {"a", "b"}, {"c"});
  fields.text("a", "INVALID_A");
  fields.integer("b", 0, 9, "INVALID_B");
  if (fields.has("c")) fields.truth("c", "INVALID_C");
  if (fields.is_ok()) return "";
  return std::string(fields.problem().code) + ' ' + fields.problem().field;
}

TEST(RequestFields, judges_names_before_values_and_values_in_their_order) {
  EXPECT_EQ(fault_of(R"({"a":"x","b":5})"), "");
  EXPECT_EQ(fault_of(R"({"c":true,"b":5,"a":"x"})"), "");
  EXPECT_EQ(fault_of(R"({"a":5,"x":1,"x":2,"y":1})"), "UNKNOWN_FIELD x");
  EXPECT_EQ(fault_of(R"({"a":5,"a":6})"), "MISSING_FIELD b");
  EXPECT_EQ(fault_of(R"({"c":1})"), "MISSING_FIELD a");
  EXPECT_EQ(fault_of(R"({"b":50,"a":5,"b":5,"a":6})"), "DUPLICATE_FIELD b");
  EXPECT_EQ(fault_of(R"({"a":"x","b":1,"\u0061":"y"})"), "DUPLICATE_FIELD a");
  EXPECT_EQ(fault_of(R"({"c":1,"b":50,"a":5})"), "INVALID_A a");
  EXPECT_EQ(fault_of(R"({"c":1,"b":50,"a":"x"})"), "INVALID_B b");
  EXPECT_EQ(fault_of(R"({"c":1,"b":5,"a":"x"})"), "INVALID_C c");
}

TEST(RequestFields, takes_any_number_for_one) {
  for (const std::string number : {"1e999999999999", "12345678901234567890123", "1e400", "1e2"}) {
    EXPECT_EQ(fault_of(R"({"a":"x","b":)" + number + "}"), "INVALID_B b") << number;
    EXPECT_EQ(fault_of(R"({"a":)" + number + R"(,"b":5})"), "INVALID_A a") << number;
    EXPECT_EQ(fault_of(R"({"a":"x","b":5,"x":)" + number + "}"), "UNKNOWN_FIELD x") << number;
  }
}

TEST(RequestFields, refuses_a_nul_in_a_text) {
  EXPECT_EQ(fault_of(R"({"a":"/x/a\u0000b","b":5})"), "INVALID_A a");
}

TEST(RequestFields, shows_no_name_that_could_be_a_number) {
  EXPECT_EQ(fault_of(R"({"22898595734":5})"), "UNKNOWN_FIELD ***********");
}

TEST(RequestFields, says_what_is_no_json_and_where) {
  std::string body = R"({"a":"x","b":05})";
  body.reserve(body.size() + ingest::ItemParser::padding_bytes);
  const RequestFields fields(body, {"a", "b"});
  ASSERT_FALSE(fields.is_ok());
  EXPECT_EQ(fields.problem().code, "MALFORMED_REQUEST");
  EXPECT_NE(fields.problem().detail.find("at byte 14"), std::string::npos)
      << fields.problem().detail;
}

}  // namespace
}  // namespace api::test
