#include "ingest/items/json_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingest::test {
namespace {

TEST(JsonText, tells_what_is_wrong_and_where) {
  const std::pair<std::string, std::string> cases[] = {
      {"{}", ""},
      {" [1, {\"a\":[2,3]} ]\n", ""},
      {"\"text\"", ""},
      {"", "incomplete JSON at byte 0"},
      {"{\"a\":nul}", "syntax error at byte 5"},
      {"{} {}", "extra data at byte 3"},
      {"[{\"a\":[1,2]}, 5, \"x,y\", }", "syntax error at byte 24, in item 3"},
      {"[1,2", "incomplete JSON at byte 4, in item 1"},
      {"[1e9999999999]", ""},
      {"[1e9999999999, 01]", "syntax error at byte 16, in item 1"},
      {"[1e9999999999-1]", "exponent overflow at byte 12, in item 0"},
      {std::string(40, '['), "too deep at byte 32, in item 0"},
      {"\xEF\xBB\xBF{}", "syntax error at byte 0"},
      {"[\"\xFF\"]", "syntax error at byte 2, in item 0"},
  };
  for (const auto& [text, fault] : cases) {
    EXPECT_EQ(json_fault(text), fault) << text;
    EXPECT_EQ(is_valid_json(text), fault.empty()) << text;
  }
}

TEST(PlainNumbers, are_the_same_and_others_a_fraction) {
  const std::pair<std::string, std::string> cases[] = {
      {"[-1, 0, 12.5, 123456789012345678]", "[-1, 0, 12.5, 123456789012345678]"},
      {"{\"a\":1e5,\"b\":-1E-9999999999,\"c\":0e+1}",
       "{\"a\":0.5,\"b\":0.5           ,\"c\":0.5 }"},
      {"[1234567890123456789,-0.00000000000000000000]",
       "[0.5                ,0.5                    ]"},
      {"{\"1e400\":\"2e400 \\\" 3e400\",\"x\":4e400}",
       "{\"1e400\":\"2e400 \\\" 3e400\",\"x\":0.5  }"},
      {"[true,false,null]", "[true,false,null]"},
      {"1e400", "0.5  "},
      {"", ""},
      {"\"1e400", "\"1e400"},
      {"\"\\", "\"\\"},
  };
  for (const auto& [text, plain] : cases) EXPECT_EQ(with_plain_numbers(text), plain) << text;
}

TEST(PlainNumbers, leave_what_is_no_number_in_json) {
  for (const std::string number : {"01e400", "1.e400", ".1e400", "1e", "1e+", "1e4e4", "+1e400",
                                   "--1e400", "1e400.5", "1-1e400", "1234567890123456789."}) {
    EXPECT_EQ(with_plain_numbers("[" + number + "]"), "[" + number + "]");
    EXPECT_FALSE(is_valid_json("[" + number + "]")) << number;
  }
}

// A body that is one JSON text.

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string_view> elements;
  if (!split_json(text, elements)) return {"refused"};
  return {elements.begin(), elements.end()};
}

TEST(SplitJson, gives_the_elements_of_an_array) {
  using Parts = std::vector<std::string>;
  EXPECT_EQ(split("[]"), Parts{});
  EXPECT_EQ(split(" [ \n] "), Parts{});
  EXPECT_EQ(split("{}"), Parts{"{}"});
  EXPECT_EQ(split(" {\"a\":[1,2]}\n"), Parts{"{\"a\":[1,2]}"});
  EXPECT_EQ(split("[{\"a\":1} , {}\n]"), (Parts{"{\"a\":1}", "{}"}));
  EXPECT_EQ(split("[1,null,\"x\",[2,3],{\"a\":{\"b\":[4,5]}}]"),
            (Parts{"1", "null", "\"x\"", "[2,3]", "{\"a\":{\"b\":[4,5]}}"}));
  EXPECT_EQ(split("[\"a,b\",\"\\\",\",\"]\",\"\\\\\",\"[\"]"),
            (Parts{"\"a,b\"", "\"\\\",\"", "\"]\"", "\"\\\\\"", "\"[\""}));
}

TEST(SplitJson, gives_one_more_than_there_may_be) {
  for (const std::size_t elements_max : {0U, 1U, 2U, 3U, 4U, 5U}) {
    std::vector<std::string_view> elements;
    EXPECT_TRUE(split_json("[1,2,3,4]", elements, elements_max));
    EXPECT_EQ(elements.size(), std::min(elements_max + 1, std::size_t{4}));
  }
}

TEST(SplitJson, refuses_what_is_no_array_and_no_object) {
  for (const char* text : {"", " ", "5", "null", "\"x\"", "[", "[1", "[1,]", "[,1]", "[1 2]", "{",
                           "[]]", "[] x", "[\"\xff\"]", "[01]", "{}{}", "[{]}", "[\"\\ud800\"]"}) {
    EXPECT_EQ(split(text), std::vector<std::string>{"refused"}) << text;
  }
}

}  // namespace
}  // namespace ingest::test
