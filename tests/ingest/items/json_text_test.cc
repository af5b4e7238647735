#include "ingest/items/json_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

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

}  // namespace
}  // namespace ingest::test
