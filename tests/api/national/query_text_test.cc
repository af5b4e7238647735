#include "api/national/query_text.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace api {
namespace {

constexpr ledger::Date today = std::chrono::sys_days{std::chrono::year{2028} / 2 / 29};

struct Row {
  std::string_view text;
  std::string_view fault;  ///< part of it; empty: none
};

constexpr std::string_view good =
    R"({"borgerIdent":"17839597738","tjenestetypeKode":"FT","tjenestedato":"2026-11-27"})";

constexpr std::array rows{
    Row{good, ""},
    Row{R"( {"tjenestedato" : "2026-02-28", "tjenestetypeKode":"A", "borgerIdent":"1783959\u0037738"} )",
        ""},
    Row{R"({"borgerIdent":"17839597738","tjenestetypeKode":"FT","tjenestedato":"2099-12-31"})", ""},
    Row{R"({"borgerIdent":"17839597738","tjenestetypeKode":"FT","tjenestedato":"2026-02-27"})",
        "'tjenestedato' ligger mer enn"},
    Row{"", "JSON"},
    Row{"null", "JSON"},
    Row{"[]", "JSON"},
    Row{R"({"a":1}})", "JSON"},
    Row{R"({"a":[[[[[[[[[1]]]]]]]]]})", "JSON"},
    Row{"\xef\xbb\xbf{}", "JSON"},
    Row{"{\"a\":\"\xff\"}", "JSON"},
    Row{R"({"borgerIdent":1,"borgerIdent":2,"x":3})", "'borgerIdent' forekommer"},
    Row{R"({"":1,"":2})", "Et felt forekommer"},
    Row{R"({"x":3,"borgerIdent":1})", "'x' er ukjent"},
    Row{R"({"17839597738":3})", "Et felt er ukjent"},
    Row{R"({"BorgerIdent":"1"})", "'BorgerIdent' er ukjent"},
    Row{R"({})", "'borgerIdent' mangler"},
    Row{R"({"borgerIdent":null,"tjenestetypeKode":"FT"})", "'tjenestedato' mangler"},
    Row{R"({"borgerIdent":null,"tjenestetypeKode":"x","tjenestedato":"x"})",
        "'borgerIdent' er ikke"},
    Row{R"({"borgerIdent":"12345678901","tjenestetypeKode":"x","tjenestedato":"x"})",
        "'borgerIdent' er ikke"},
    Row{R"({"borgerIdent":"17839597738","tjenestetypeKode":"le","tjenestedato":"x"})",
        "'tjenestetypeKode' er ikke"},
    Row{R"({"borgerIdent":"17839597738","tjenestetypeKode":"LE","tjenestedato":"2026-2-5"})",
        "'tjenestedato' er ikke"},
};

TEST(CardQuestion, is_read_or_the_first_fault_is_named) {
  for (const auto& [text, fault] : rows) {
    const auto read =
        read_card_question(std::string(text), ledger::NumberSeries::production_and_tests, today);
    const auto* const sentence = std::get_if<std::string>(&read);
    EXPECT_EQ(sentence == nullptr, fault.empty()) << text;
    if (sentence == nullptr) continue;
    EXPECT_NE(sentence->find(fault), std::string::npos) << text << ": " << *sentence;
    EXPECT_EQ(sentence->find("17839597738"), std::string::npos) << *sentence;
  }
}

TEST(CardQuestion, knows_test_numbers_where_they_are_accepted_alone) {
  const auto read = read_card_question(std::string(good), ledger::NumberSeries::production, today);
  EXPECT_TRUE(std::holds_alternative<std::string>(read));
}

}  // namespace
}  // namespace api
