#include "ingest/writer/result_text.h"
#include "ingest/items/json_out.h"
#include "ledger/values/position_text.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/builders.h"

namespace ingest::test {
namespace {

using ledger::Code;
using ledger::Disposition;
using ledger::Outcome;
using ledger::Position;

ParsedItem an_item() {
  ParsedItem parsed;
  parsed.item = ledger::test::a_copayment().guid(0xabcd);
  parsed.has_guid = true;
  return parsed;
}

ParsedItem refused(Code code, std::string field = {}) {
  ParsedItem parsed = an_item();
  parsed.refusal = code;
  parsed.field = std::move(field);
  return parsed;
}

Outcome rejected(Code code) { return {Disposition::rejected, code, {}}; }

std::string result_of(const ParsedItem& parsed, const Outcome& outcome, std::uint64_t index = 0) {
  std::string out;
  append_result(out, index, parsed, outcome);
  return out;
}

TEST(ResultText, tells_an_accepted_item) {
  const Outcome outcome{
      Disposition::accepted, Code::none, {Position{4711}, Code::none, true, false}};
  EXPECT_EQ(
      result_of(an_item(), outcome, 17),
      "{\"index\":17,\"guid\":\"00000000-0000-0000-0000-00000000abcd\","
      "\"verdict\":\"accepted\",\"counted\":true,\"exempt\":false,\"position\":\"0-4711\"}\n");
}

TEST(ResultText, tells_why_an_accepted_item_does_not_count) {
  const Outcome outcome{
      Disposition::accepted, Code::none, {Position{1}, Code::zero_amount, false, true}};
  EXPECT_EQ(result_of(an_item(), outcome),
            "{\"index\":0,\"guid\":\"00000000-0000-0000-0000-00000000abcd\","
            "\"verdict\":\"accepted\",\"code\":\"ZERO_AMOUNT\",\"counted\":false,\"exempt\":true,"
            "\"position\":\"0-1\"}\n");
}

TEST(ResultText, tells_a_duplicate_with_the_original_verdict) {
  const Outcome outcome{
      Disposition::duplicate, Code::none, {Position{9}, Code::unpaid, false, false}};
  EXPECT_EQ(result_of(an_item(), outcome),
            "{\"index\":0,\"guid\":\"00000000-0000-0000-0000-00000000abcd\","
            "\"verdict\":\"duplicate\",\"code\":\"UNPAID\",\"counted\":false,\"exempt\":false,"
            "\"position\":\"0-9\"}\n");
}

TEST(ResultText, tells_of_a_rejection_only_code_and_field) {
  EXPECT_EQ(result_of(an_item(), rejected(Code::time_barred)),
            "{\"index\":0,\"guid\":\"00000000-0000-0000-0000-00000000abcd\","
            "\"verdict\":\"rejected\",\"code\":\"TIME_BARRED\",\"field\":\"serviceTime\"}\n");
  EXPECT_EQ(result_of(an_item(), rejected(Code::atomic_aborted)),
            "{\"index\":0,\"guid\":\"00000000-0000-0000-0000-00000000abcd\","
            "\"verdict\":\"rejected\",\"code\":\"ATOMIC_ABORTED\"}\n");
}

TEST(ResultText, names_the_field_that_the_parser_found) {
  EXPECT_EQ(result_of(refused(Code::missing_field, "paid"), rejected(Code::missing_field)),
            "{\"index\":0,\"guid\":\"00000000-0000-0000-0000-00000000abcd\","
            "\"verdict\":\"rejected\",\"code\":\"MISSING_FIELD\",\"field\":\"paid\"}\n");
  // Aborted with the others: the field of its own refusal is not why.
  EXPECT_EQ(result_of(refused(Code::missing_field, "paid"), rejected(Code::atomic_aborted)),
            "{\"index\":0,\"guid\":\"00000000-0000-0000-0000-00000000abcd\","
            "\"verdict\":\"rejected\",\"code\":\"ATOMIC_ABORTED\"}\n");
}

TEST(ResultText, names_even_a_field_without_name) {
  EXPECT_EQ(result_of(refused(Code::unknown_field), rejected(Code::unknown_field)),
            "{\"index\":0,\"guid\":\"00000000-0000-0000-0000-00000000abcd\","
            "\"verdict\":\"rejected\",\"code\":\"UNKNOWN_FIELD\",\"field\":\"\"}\n");
}

TEST(ResultText, echoes_no_invalid_guid) {
  ParsedItem parsed = refused(Code::invalid_guid);
  parsed.has_guid = false;
  EXPECT_EQ(
      result_of(parsed, rejected(Code::invalid_guid)),
      "{\"index\":0,\"verdict\":\"rejected\",\"code\":\"INVALID_GUID\",\"field\":\"guid\"}\n");
}

TEST(ResultText, names_every_code_and_field_in_printable_words) {
  for (unsigned code = 1; code < 28; ++code) {
    const std::string result = result_of(an_item(), rejected(static_cast<Code>(code)));
    EXPECT_EQ(result.find("\"code\":\"\""), std::string::npos) << code;
  }
}

TEST(JsonString, escapes_what_json_does_not_allow) {
  std::string out;
  append_json_string(out, std::string_view("a\"b\\c\n\0\x1f/\x7f\xc3\xb8", 12));
  EXPECT_EQ(out, "\"a\\\"b\\\\c\\u000a\\u0000\\u001f/\x7f\xc3\xb8\"");
}

TEST(Position, is_written_with_its_ledger_and_read_back) {
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4711},
                                     std::numeric_limits<std::uint64_t>::max()}) {
    std::string out;
    ingest::append_position(out, Position{offset});
    EXPECT_EQ(out, "\"0-" + std::to_string(offset) + "\"");
    Position read;
    ASSERT_TRUE(parse_position(out.substr(1, out.size() - 2), read));
    EXPECT_EQ(read, Position{offset});
  }
}

TEST(Position, is_read_from_no_other_text) {
  Position read;
  for (const char* text : {"", "0", "0-", "1-5", "0-x", "0-5x", "0--5", "0-+5", " 0-5", "0-5 ",
                           "00-5", "0-05", "0-00", "0-18446744073709551616", "5"}) {
    EXPECT_FALSE(parse_position(text, read)) << text;
  }
}

TEST(ReceiptText, holds_what_leads_from_the_results_to_the_signature) {
  ledger::Seal seal;
  seal.root.fill(0x0a);
  seal.key_id = "21fe31dfa154a261";
  seal.signature.fill(0xb0);
  seal.paths.resize(3);
  std::vector<ledger::MerkleStep>& path = seal.paths[2];
  path.resize(2);
  path[0].is_left = true;
  path[0].hash.fill(0x11);
  path[1].hash.fill(0xff);
  const auto repeated = [](const char* byte, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += byte;
    return text;
  };
  std::string out;
  Submission submission;
  submission.first_index = 1000;
  submission.items.resize(1000);
  submission.group = Position{4700};
  submission.seal = std::make_shared<const ledger::Seal>(seal);
  submission.place = 2;
  append_receipt(out, submission);
  EXPECT_EQ(out, "{\"position\":\"0-4700\",\"first\":1000,\"last\":1999,\"root\":\"" +
                     repeated("0a", 32) + "\",\"path\":[{\"left\":\"" + repeated("11", 32) +
                     "\"},{\"right\":\"" + repeated("ff", 32) +
                     "\"}],\"keyId\":\"21fe31dfa154a261\",\"signature\":\"" + repeated("b0", 64) +
                     "\"}");
  out.clear();
  submission.place = 0;
  append_receipt(out, submission);
  EXPECT_NE(out.find("\"path\":[],"), std::string::npos);
}

}  // namespace
}  // namespace ingest::test
