// The names and numbers that others rely on: what is on the wire and in stored records never
// changes, so they are written out once more here.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "ledger/records/event.h"
#include "ledger/records/item.h"
#include "ledger/records/rule_pack.h"
#include "ledger/records/timeliness.h"
#include "ledger/values/code.h"
#include "ledger/values/error.h"
#include "ledger/values/ids.h"
#include "ledger/values/service_type.h"
#include "tests/support/builders.h"
#include "tests/support/print.h"

namespace ledger::test {
namespace {

struct CodeRow {
  Code code;
  int number;
  const char* name;
  const char* field;
};

constexpr CodeRow code_rows[] = {
    {Code::none, 0, "", ""},
    {Code::malformed_item, 1, "MALFORMED_ITEM", ""},
    {Code::invalid_type, 2, "INVALID_TYPE", "type"},
    {Code::unknown_field, 3, "UNKNOWN_FIELD", ""},
    {Code::missing_field, 4, "MISSING_FIELD", ""},
    {Code::duplicate_field, 5, "DUPLICATE_FIELD", ""},
    {Code::invalid_guid, 6, "INVALID_GUID", "guid"},
    {Code::invalid_practice_id, 7, "INVALID_PRACTICE_ID", "practiceId"},
    {Code::invalid_person_id, 8, "INVALID_PERSON_ID", "personId"},
    {Code::invalid_service_type, 9, "INVALID_SERVICE_TYPE", "serviceType"},
    {Code::invalid_service_time, 10, "INVALID_SERVICE_TIME", "serviceTime"},
    {Code::invalid_amount, 11, "INVALID_AMOUNT", "amountOre"},
    {Code::invalid_paid, 12, "INVALID_PAID", "paid"},
    {Code::invalid_exemption, 13, "INVALID_EXEMPTION", "exemption"},
    {Code::invalid_received_time, 14, "INVALID_RECEIVED_TIME", "receivedTime"},
    {Code::exempt_with_amount, 15, "EXEMPT_WITH_AMOUNT", "amountOre"},
    {Code::practice_not_allowed, 16, "PRACTICE_NOT_ALLOWED", "practiceId"},
    {Code::unknown_practice, 17, "UNKNOWN_PRACTICE", "practiceId"},
    {Code::no_agreement, 18, "NO_AGREEMENT", "practiceId"},
    {Code::content_conflict, 19, "CONTENT_CONFLICT", "guid"},
    {Code::no_rules_for_year, 20, "NO_RULES_FOR_YEAR", "serviceTime"},
    {Code::future_service_time, 21, "FUTURE_SERVICE_TIME", "serviceTime"},
    {Code::time_barred, 22, "TIME_BARRED", "serviceTime"},
    {Code::no_card_registered, 23, "NO_CARD_REGISTERED", "exemption"},
    {Code::unknown_original, 24, "UNKNOWN_ORIGINAL", "guid"},
    {Code::original_credited, 25, "ORIGINAL_CREDITED", "guid"},
    {Code::too_old_to_credit, 26, "TOO_OLD_TO_CREDIT", "guid"},
    {Code::atomic_aborted, 27, "ATOMIC_ABORTED", ""},
    {Code::invalid_event_id, 28, "INVALID_EVENT_ID", "eventId"},
    {Code::invalid_date, 29, "INVALID_DATE", ""},
    {Code::invalid_periods, 30, "INVALID_PERIODS", ""},
    {Code::invalid_name, 31, "INVALID_NAME", "name"},
    {Code::invalid_practice_type, 32, "INVALID_PRACTICE_TYPE", "practiceType"},
    {Code::invalid_numbers, 33, "INVALID_NUMBERS", ""},
    {Code::same_person, 34, "SAME_PERSON", ""},
    {Code::event_conflict, 35, "EVENT_CONFLICT", "eventId"},
    {Code::credited, 40, "CREDITED", ""},
    {Code::unpaid, 41, "UNPAID", ""},
    {Code::zero_amount, 42, "ZERO_AMOUNT", ""},
    {Code::under_16, 43, "UNDER_16", ""},
};

TEST(Code, keeps_its_names_numbers_and_fields) {
  std::set<int> numbers;
  for (const CodeRow& row : code_rows) {
    EXPECT_EQ(static_cast<int>(row.code), row.number) << row.name;
    EXPECT_EQ(name_of(row.code), row.name);
    EXPECT_EQ(field_of(row.code), row.field) << row.name;
    EXPECT_LT(static_cast<std::size_t>(row.number), code_count);
    numbers.insert(row.number);
  }
  for (int number = 0; number < static_cast<int>(code_count); ++number) {
    if (!numbers.contains(number)) {
      EXPECT_EQ(name_of(static_cast<Code>(number)), "") << number;
    }
  }
}

TEST(ServiceType, keeps_its_codes_and_numbers) {
  const char* codes[] = {"A", "S", "B", "LE", "HS", "PO", "LR", "PS", "PR", "BR", "TB", "RH", "FT"};
  int number = 0;
  for (const char* code : codes) {
    ++number;
    ASSERT_TRUE(parse_service_type(code).has_value()) << code;
    EXPECT_EQ(static_cast<int>(*parse_service_type(code)), number) << code;
    EXPECT_EQ(code_of(*parse_service_type(code)), code);
  }
  EXPECT_EQ(code_of(ServiceType::pharmacy), "A");
  EXPECT_EQ(code_of(ServiceType::doctor), "LE");
  EXPECT_EQ(code_of(ServiceType::physiotherapist), "FT");
}

TEST(ServiceType, refuses_other_codes) {
  for (const std::string_view code : {"", "a", "le", "L", "LEX", " A", "A ", "XX", "FF", "H"}) {
    EXPECT_FALSE(parse_service_type(code).has_value()) << code;
  }
}

TEST(EventType, keeps_its_names_and_numbers) {
  struct Row {
    EventType type;
    int number;
    const char* name;
  };
  for (const Row& row : {Row{EventType::card_issued, 1, "cardIssued"},
                         Row{EventType::card_under_review, 2, "cardUnderReview"},
                         Row{EventType::card_reinstated, 3, "cardReinstated"},
                         Row{EventType::entitlement_moved, 4, "entitlementMoved"},
                         Row{EventType::refund_due, 5, "refundDue"},
                         Row{EventType::refund_netted, 6, "refundNetted"},
                         Row{EventType::person_merged, 7, "personMerged"}}) {
    EXPECT_EQ(static_cast<int>(row.type), row.number) << row.name;
    EXPECT_EQ(name_of(row.type), row.name);
    EXPECT_LT(static_cast<std::size_t>(row.number), event_type_count);
  }
}

TEST(StoredNumbers, never_change) {
  EXPECT_EQ(static_cast<int>(ItemType::copayment), 1);
  EXPECT_EQ(static_cast<int>(ItemType::payment), 2);
  EXPECT_EQ(static_cast<int>(ItemType::credit_note), 3);
  EXPECT_EQ(static_cast<int>(CardState::active), 1);
  EXPECT_EQ(static_cast<int>(CardState::under_review), 2);
  EXPECT_EQ(static_cast<int>(Basis::received), 1);
  EXPECT_EQ(static_cast<int>(Basis::service), 2);
}

TEST(Errc, has_a_message_for_every_error) {
  std::set<std::string> messages;
  for (const Errc errc : {Errc::store_unavailable, Errc::corrupt_record, Errc::unstorable,
                          Errc::overloaded, Errc::sender_overloaded, Errc::shutting_down}) {
    const boost::system::error_code code = errc;
    EXPECT_TRUE(code.failed());
    EXPECT_EQ(code.category(), error_category());
    messages.insert(code.message());
  }
  EXPECT_EQ(messages.size(), 6U);
  EXPECT_FALSE(messages.contains("unknown error"));
}

TEST(Guid, is_written_in_lower_case) {
  Guid guid;
  for (std::size_t i = 0; i < 16; ++i) guid.bytes[i] = static_cast<std::uint8_t>(i * 0x11);
  EXPECT_EQ(to_string(guid), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(to_string(Guid{}), "00000000-0000-0000-0000-000000000000");
}

TEST(Guid, is_read_in_either_case_and_in_braces) {
  const std::string lower = "00112233-4455-6677-8899-aabbccddeeff";
  for (const char* const text :
       {"00112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-AABBCCDDEEFF",
        "{00112233-4455-6677-8899-aabbccddeeff}", "{00112233-4455-6677-8899-AaBbCcDdEeFf}"}) {
    const auto guid = parse_guid(text);
    ASSERT_TRUE(guid) << text;
    EXPECT_EQ(to_string(*guid), lower);
  }
}

TEST(Guid, is_nothing_else) {
  for (const char* const text :
       {"", "{}", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeeff0",
        "00112233445566778899aabbccddeeff", "{00112233-4455-6677-8899-aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddeeff}", "}00112233-4455-6677-8899-aabbccddeeff{",
        "{{00112233-4455-6677-8899-aabbccddeeff}}", "(00112233-4455-6677-8899-aabbccddeeff)",
        "{00112233-4455-6677-8899-aabbccddeef}", "0011223-34455-6677-8899-aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddeefg", "00112233-4455-6677-8899_aabbccddeeff",
        " 00112233-4455-6677-8899-aabbccddeeff", "{00112233-4455-6677-8899-aabbccddeef }"}) {
    EXPECT_FALSE(parse_guid(text)) << text;
  }
  for (const char c : {'/', ':', '@', 'G', '`', 'g', '\0', '\xff'}) {
    std::string text = "0011223?-4455-6677-8899-aabbccddeeff";
    text[7] = c;
    EXPECT_FALSE(parse_guid(text)) << c;
  }
}

TEST(PracticeId, is_one_to_twenty_digits) {
  PracticeId id;
  for (const std::string_view text : {"1", "0", "007", "12345678901234567890"}) {
    ASSERT_TRUE(PracticeId::parse(text, id)) << text;
    EXPECT_EQ(id.view(), text);
  }
  for (const std::string_view text : {"", "123456789012345678901", "12a", " 1", "-1", "1.0"}) {
    EXPECT_FALSE(PracticeId::parse(text, id)) << text;
  }
}

TEST(PracticeId, keeps_leading_zeros_apart) {
  EXPECT_FALSE(practice_id("7") == practice_id("07"));
  EXPECT_TRUE(practice_id("07") == practice_id("07"));
  PracticeId reused = practice_id("12345");
  ASSERT_TRUE(PracticeId::parse("9", reused));
  EXPECT_TRUE(reused == practice_id("9"));
}

TEST(RulePack, holds_the_published_ceilings) {
  const RulePack rules = published_rules();
  struct Row {
    int year;
    int kroner;
  };
  for (const Row& row : {Row{2021, 2460}, Row{2022, 2921}, Row{2023, 3040}, Row{2024, 3165},
                         Row{2025, 3278}, Row{2026, 3278}}) {
    EXPECT_EQ(rules.ceiling_of(row.year), Money::from_kroner(row.kroner)) << row.year;
  }
  EXPECT_EQ(rules.ceilings().size(), 6U);
  EXPECT_FALSE(rules.ceiling_of(2020).has_value());
  EXPECT_FALSE(rules.ceiling_of(2027).has_value());
  for (const auto& [year, ceiling] : rules.ceilings()) EXPECT_FALSE(ceiling.source.empty());
}

TEST(RulePack, has_one_text_to_hash) {
  EXPECT_EQ(RulePack::canonical_text(
                {{2025, {Money::from_kroner(3278), "b"}}, {2024, {Money::from_kroner(3165), "a"}}}),
            "frikort-rule-pack 1\n2024 316500 a\n2025 327800 b\n");
}

}  // namespace
}  // namespace ledger::test
