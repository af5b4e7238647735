// The parser against the slow and strict judge of strict_item.h: both must give the same verdict,
// for valid items spoiled in every way that a generator thinks of.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "tests/ingest/items/item_text.h"
#include "tests/ingest/items/strict_item.h"
#include "tests/support/prng.h"

namespace ingest::test {
namespace {

using ledger::Code;
using ledger::test::Prng;

// Sanitizers and missing optimisation make a case many times slower.
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int case_count = 40'000;
#else
constexpr int case_count = 200'000;
#endif

std::string spoiled(Prng& prng) {
  static const ItemText templates[] = {
      ItemText::copayment(),
      ItemText::copayment().set("amountOre", "0").add("exemption", "\"G\""),
      ItemText::copayment().remove("type").add("receivedTime", "\"2025-03-02T00:00:00Z\""),
      ItemText::payment(),
      ItemText::credit_note(),
  };
  static constexpr std::string_view pieces[] = {"{",
                                                "}",
                                                "[",
                                                "]",
                                                ",",
                                                ":",
                                                "\"",
                                                "\\",
                                                "\\\"",
                                                "\\u0041",
                                                "\\ud800",
                                                "\\udc00",
                                                "\\u00",
                                                " ",
                                                "\n",
                                                "\t",
                                                "\r",
                                                "null",
                                                "true",
                                                "false",
                                                "0",
                                                "-0",
                                                "1.0",
                                                "1e2",
                                                "01",
                                                "9223372036854775808",
                                                "111111111111111111111111111111",
                                                "\"guid\"",
                                                "\"gu\\u0069d\"",
                                                "\"type\":\"payment\",",
                                                "\"paid\":true,",
                                                ",\"x\":{\"y\":[1,{}]}",
                                                "\xff",
                                                "\xc3\xb8",
                                                "\xed\xa0\x80",
                                                "\xf0\x9f\x98\x80",
                                                "payment",
                                                "creditNote",
                                                "//",
                                                "/*",
                                                "e",
                                                "+",
                                                "-",
                                                ".",
                                                "NaN",
                                                "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["};
  std::string text = prng.pick(std::span<const ItemText>(templates)).text();
  for (std::uint64_t changes = prng.below(5); changes > 0; --changes) {
    const std::size_t at = prng.below(text.size() + 1);
    const std::size_t size = std::min<std::size_t>(prng.below(12), text.size() - at);
    switch (prng.below(7)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << prng.below(8)));
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(prng.next());
        break;
      case 2:
        text.erase(at, size);
        break;
      case 3:
        text.insert(at, text.substr(at, size * 4));
        break;
      case 4:
        text.insert(at, prng.pick(std::span<const std::string_view>(pieces)));
        break;
      case 5:
        text.replace(at, size, prng.pick(std::span<const std::string_view>(pieces)));
        break;
      default:
        if (prng.chance(1, 4)) text.resize(at);
        if (at < text.size()) std::swap(text[at], text[prng.below(text.size())]);
        break;
    }
    if (text.empty()) break;
  }
  return text;
}

std::uint64_t seed_of_run() {
  // FRIKORT_SEED=N runs other cases.
  const char* const given = std::getenv("FRIKORT_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
}

TEST(ItemParserProperty, agrees_with_a_strict_and_slow_judge) {
  const std::uint64_t seed = seed_of_run();
  std::cout << "seed " << seed << ", " << case_count << " cases\n";
  const PlainVault vault;
  ItemParser parser(vault, ledger::NumberSeries::production_and_tests);
  const Caller caller{{"operator"}, true};
  Prng prng(seed);
  int decided[3] = {0, 0, 0};
  for (int i = 0; i < case_count; ++i) {
    const std::string text = spoiled(prng);
    const StrictItem expected = judge(text, caller, {});
    const PaddedText padded(text, prng.chance(1, 2) ? "\"}]}" : "");
    const ParsedItem parsed = parser.parse(padded.view(), caller, {});
    ASSERT_EQ(name_of(parsed.refusal), name_of(expected.refusal))
        << "seed " << seed << " case " << i << "\n"
        << text;
    const Code refusal = parsed.refusal;
    const int actual = refusal == Code::none ? 0 : refusal == Code::malformed_item ? 1 : 2;
    ++decided[actual];
  }
  // The generator must not have drifted to one side.
  for (const int count : decided) EXPECT_GT(count, case_count / 50);
}

}  // namespace
}  // namespace ingest::test
