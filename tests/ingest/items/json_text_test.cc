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
      {"[1e9999999999]", "exponent overflow at byte 12, in item 0"},
      {std::string(40, '['), "too deep at byte 32, in item 0"},
      {"\xEF\xBB\xBF{}", "syntax error at byte 0"},
      {"[\"\xFF\"]", "syntax error at byte 2, in item 0"},
  };
  for (const auto& [text, fault] : cases) {
    EXPECT_EQ(json_fault(text), fault) << text;
    EXPECT_EQ(is_valid_json(text), fault.empty()) << text;
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
