// What is not JSON, and how texts end.

#include <gtest/gtest.h>

#include "ingest/items/item_parser.h"
#include "tests/ingest/items/parsing.h"
#include "tests/support/print.h"

namespace ingest::test {
namespace {

using ledger::Code;

TEST(ItemParser, calls_every_truncated_item_malformed_whatever_follows_in_memory) {
  static const PlainVault vault;
  ItemParser parser(vault, ledger::NumberSeries::production_and_tests);
  for (const ItemText& item :
       {a_copayment(), ItemText::payment(), a_copayment().add("note", "[{\"a\":tru}]")}) {
    const std::string text = item.text();
    for (std::size_t size = 0; size < text.size(); ++size) {
      const std::string_view rest = std::string_view(text).substr(size);
      const std::string_view part = std::string_view(text).substr(0, size);
      EXPECT_EQ(parser.parse(PaddedText(part, rest).view(), practice, received).refusal,
                Code::malformed_item)
          << part;
      EXPECT_EQ(parser.parse(PaddedText(part).view(), practice, received).refusal,
                Code::malformed_item)
          << part;
    }
  }
}

TEST(ItemParser, reads_nothing_of_what_follows_the_item) {
  static const PlainVault vault;
  ItemParser parser(vault, ledger::NumberSeries::production_and_tests);
  for (const char* tail : {"}}}}", "\n{\"guid\":1}", "\"", "\\", ",", "\xff\xff", "x"}) {
    EXPECT_EQ(
        parser.parse(PaddedText(a_copayment().text(), tail).view(), practice, received).refusal,
        Code::none)
        << tail;
  }
}

TEST(ItemParser, calls_what_is_not_one_object_malformed) {
  const std::string item = a_copayment().text();
  const std::string_view nul("\0", 1);
  const std::string texts[] = {"",
                               " ",
                               "\n",
                               "null",
                               "true",
                               "5",
                               "\"x\"",
                               "[]",
                               "[" + item + "]",
                               item + item,
                               item + "\n" + item,
                               item + ",",
                               item + "}",
                               item + "]",
                               item + " x",
                               "x" + item,
                               item.substr(1),
                               "{" + item,
                               "\xef\xbb\xbf" + item,
                               item + std::string(nul),
                               std::string(nul) + item,
                               "{,}",
                               "{\"a\"}",
                               "{\"a\":}",
                               "{:1}",
                               "{1:2}",
                               "{a:1}",
                               "{'a':1}",
                               "{\"a\":1,}",
                               "{\"a\":1,,\"b\":2}",
                               "{\"a\" 1}",
                               "{\"a\":1 \"b\":2}",
                               "{\"a\"::1}",
                               "{\"a\":1;}",
                               "// c\n" + item,
                               item + "/* c */",
                               "{\"a\":tru}",
                               "{\"a\":truee}",
                               "{\"a\":nul}",
                               "{\"a\":True}",
                               "{\"a\":[}",
                               "{\"a\":[1}",
                               "{\"a\":{]}",
                               "{\"a\":\"}",
                               "{\"a\":[1,]}",
                               "{\"a\":[,1]}",
                               "{\"a\":{\"b\":1]}",
                               "{\"a\":1}}",
                               "{]",
                               "}",
                               "{",
                               "{\"",
                               "{\"a\":\"\\x\"}",
                               "{\"a\":\"\\u12\"}",
                               "{\"a\":\"\\u12g4\"}",
                               "{\"a\":\"\\"};
  for (const std::string& text : texts) {
    EXPECT_EQ(refusal_of(parse(text)), "MALFORMED_ITEM") << text;
  }
}

TEST(ItemParser, calls_damaged_text_malformed_wherever_it_stands) {
  const struct {
    const char* what;
    std::string text;
  } damages[] = {
      {"a lone byte", "\xff"},
      {"a lone continuation", "\x80"},
      {"a truncated sequence", "\xc3"},
      {"an overlong sequence", "\xc0\xaf"},
      {"an overlong sequence of three", "\xe0\x80\xaf"},
      {"an encoded surrogate", "\xed\xa0\x80"},
      {"beyond Unicode", "\xf4\x90\x80\x80"},
      {"NUL", std::string(1, '\0')},
      {"a tab", "\t"},
      {"a line feed", "\n"},
      {"a control character", "\x1f"},
      {"a lone high surrogate", "\\ud800"},
      {"a lone low surrogate", "\\udc00"},
      {"a high surrogate before a letter", "\\ud800x"},
      {"two high surrogates", "\\ud800\\ud800"},
      {"surrogates in the wrong order", "\\udc00\\ud800"},
      {"an unknown escape", "\\q"},
  };
  for (const auto& damage : damages) {
    const std::string quoted = '"' + damage.text + '"';
    EXPECT_EQ(refusal_of(a_copayment().add(damage.text, "1")), "MALFORMED_ITEM") << damage.what;
    EXPECT_EQ(refusal_of(a_copayment().add("note", quoted)), "MALFORMED_ITEM") << damage.what;
    EXPECT_EQ(refusal_of(a_copayment().add("note", "[[" + quoted + "]]")), "MALFORMED_ITEM")
        << damage.what;
    for (const char* field : {"type", "guid", "practiceId", "personId", "serviceType",
                              "serviceTime", "amountOre", "paid", "exemption"}) {
      EXPECT_EQ(refusal_of(a_copayment().set(field, quoted)), "MALFORMED_ITEM")
          << damage.what << " in " << field;
    }
  }
}

TEST(ItemParser, takes_what_is_valid_text_for_what_it_is) {
  EXPECT_EQ(refusal_of(a_copayment().add("\\ud83d\\ude00", "1")), "UNKNOWN_FIELD \xf0\x9f\x98\x80");
  EXPECT_EQ(refusal_of(a_copayment().add("bl\xc3\xa5", "1")), "UNKNOWN_FIELD bl\xc3\xa5");
  EXPECT_EQ(refusal_of(a_copayment().add("", "1")), "UNKNOWN_FIELD");
}

TEST(ItemParser, answers_deep_nesting_without_harm) {
  for (const std::size_t depth : {10U, 31U, 33U, 1'000U, 1'025U, 20'000U}) {
    const std::string nested = std::string(depth, '[') + std::string(depth, ']');
    const Code refusal = parse(a_copayment().add("note", nested)).refusal;
    EXPECT_TRUE(refusal == Code::unknown_field || refusal == Code::malformed_item) << depth;
    EXPECT_EQ(parse(a_copayment().add("note", std::string(depth, '['))).refusal,
              Code::malformed_item);
    std::string objects;
    for (std::size_t i = 0; i < depth / 2; ++i) objects += "{\"a\":";
    EXPECT_EQ(parse(objects).refusal, Code::malformed_item);
    EXPECT_EQ(parse(nested).refusal, Code::malformed_item);
  }
  EXPECT_EQ(refusal_of(a_copayment().add("note", "[[[[{\"a\":[]}]]]]")), "UNKNOWN_FIELD note");
}

TEST(ItemParser, refuses_texts_beyond_its_limit) {
  const std::string item = a_copayment().text();
  const auto filled_to = [&](std::size_t size) {
    return item + std::string(size - item.size(), ' ');
  };
  EXPECT_EQ(refusal_of(parse(filled_to(ItemParser::text_bytes_max))), "");
  EXPECT_EQ(refusal_of(parse(filled_to(ItemParser::text_bytes_max + 1))), "MALFORMED_ITEM");
  const std::string long_value = '"' + std::string(60'000, 'x') + '"';
  EXPECT_EQ(refusal_of(a_copayment().add("note", long_value)), "UNKNOWN_FIELD note");
  EXPECT_EQ(refusal_of(a_copayment().set("guid", long_value)), "INVALID_GUID");
}

}  // namespace
}  // namespace ingest::test
