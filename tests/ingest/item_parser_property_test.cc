// The parser against a slow and strict judge of the same texts: Boost.JSON reads the text, and the
// item is judged from the fields it finds. Both must agree on what is malformed and on what is
// accepted, for valid items spoiled in every way that a generator thinks of.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdlib>
#include <iostream>
#include <set>

#include "ledger/rfc3339.h"
#include "ledger/service_type.h"
#include "tests/ingest/item_text.h"
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

enum class Decision { malformed, refused, accepted };

/// The fields of the outermost object, as Boost.JSON reports them.
struct Members {
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  struct Member {
    std::string name;
    char kind = 0;  ///< s(tring), n(umber), b(ool), or ? for anything else
    std::string text;
  };
  std::vector<Member> found;
  bool is_object = false;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) {
    if (depth_ == 0) is_object = true;
    return enter();
  }
  bool on_object_end(std::size_t, Error&) { return leave(); }
  bool on_array_begin(Error&) { return enter(); }
  bool on_array_end(std::size_t, Error&) { return leave(); }
  bool on_key_part(Text text, std::size_t, Error&) { return append(text); }
  bool on_key(Text text, std::size_t, Error&) {
    append(text);
    if (depth_ == 1) found.push_back({part_, 0, {}});
    part_.clear();
    return true;
  }
  bool on_string_part(Text text, std::size_t, Error&) { return append(text); }
  bool on_string(Text text, std::size_t, Error&) {
    append(text);
    return keep('s');
  }
  bool on_number_part(Text text, Error&) { return append(text); }
  bool on_int64(std::int64_t, Text text, Error&) { return number(text); }
  bool on_uint64(std::uint64_t, Text text, Error&) { return number(text); }
  bool on_double(double, Text text, Error&) { return number(text); }
  bool on_bool(bool value, Error&) {
    part_ = value ? "true" : "false";
    return keep('b');
  }
  bool on_null(Error&) { return keep('?'); }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }

 private:
  bool enter() {
    keep('?');
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }
  bool append(Text text) {
    part_.append(text.data(), text.size());
    return true;
  }
  bool number(Text text) {
    append(text);
    return keep('n');
  }
  bool keep(char kind) {
    if (depth_ == 1 && is_object) {
      found.back().kind = kind;
      found.back().text = part_;
    }
    part_.clear();
    return true;
  }

  int depth_ = 0;
  std::string part_;
};

bool is_digits(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_guid(const std::string& text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) {
      return false;
    }
  }
  return true;
}

bool is_valid(const Members::Member& member) {
  const std::string& text = member.text;
  if (member.name == "paid") return member.kind == 'b';
  if (member.name == "amountOre") {
    return member.kind == 'n' && is_digits(text) && text.size() <= 8 &&
           std::stol(text) <= 10'000'000;
  }
  if (member.kind != 's') return false;
  if (member.name == "guid") return is_guid(text);
  if (member.name == "practiceId") return !text.empty() && text.size() <= 20 && is_digits(text);
  if (member.name == "personId") {
    return ledger::NationalId::parse(text, ledger::NumberSeries::production_and_tests).has_value();
  }
  if (member.name == "serviceType") return ledger::parse_service_type(text).has_value();
  if (member.name == "exemption") return text.size() == 1 && text >= "A" && text <= "Z";
  return ledger::parse_rfc3339(text).has_value();  // the two times
}

Decision judge(std::string_view text) {
  boost::json::basic_parser<Members> parser{boost::json::parse_options()};
  boost::json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (error || text.find_first_not_of(" \t\r\n", used) != std::string_view::npos) {
    return Decision::malformed;
  }
  const Members& members = parser.handler();
  if (!members.is_object) return Decision::malformed;

  std::set<std::string> required{"guid",        "practiceId", "personId", "serviceType",
                                 "serviceTime", "amountOre",  "paid"};
  std::set<std::string> allowed = required;
  allowed.insert({"type", "exemption", "receivedTime"});
  for (const auto& member : members.found) {
    if (member.name != "type") continue;
    if (member.kind != 's') return Decision::refused;
    if (member.text == "payment" || member.text == "creditNote") {
      required = {"guid", "practiceId"};
      allowed = {"type", "guid", "practiceId", "receivedTime"};
    } else if (member.text != "copayment") {
      return Decision::refused;
    }
    break;
  }
  bool is_exempt = false;
  bool is_free = false;
  for (const auto& member : members.found) {
    // Erased when it is met: a second of the name is not allowed any more.
    if (allowed.erase(member.name) == 0) return Decision::refused;
    if (member.name != "type" && !is_valid(member)) return Decision::refused;
    required.erase(member.name);
    if (member.name == "exemption") is_exempt = true;
    if (member.name == "amountOre") is_free = member.text == "0";
  }
  const bool is_accepted = required.empty() && (!is_exempt || is_free);
  return is_accepted ? Decision::accepted : Decision::refused;
}

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
  const Caller caller{"operator", true};
  Prng prng(seed);
  int decided[3] = {0, 0, 0};
  for (int i = 0; i < case_count; ++i) {
    const std::string text = spoiled(prng);
    const Decision expected = judge(text);
    const PaddedText padded(text, prng.chance(1, 2) ? "\"}]}" : "");
    const ParsedItem parsed = parser.parse(padded.view(), caller, {});
    const Decision actual = parsed.refusal == Code::none             ? Decision::accepted
                            : parsed.refusal == Code::malformed_item ? Decision::malformed
                                                                     : Decision::refused;
    ASSERT_EQ(static_cast<int>(actual), static_cast<int>(expected))
        << "seed " << seed << " case " << i << " refusal " << name_of(parsed.refusal) << "\n"
        << text;
    ++decided[static_cast<int>(actual)];
  }
  // The generator must not have drifted to one side.
  for (const int count : decided) EXPECT_GT(count, case_count / 50);
}

}  // namespace
}  // namespace ingest::test
