#include "ingest/items/item_parser.h"

#include <gtest/gtest.h>

#include <functional>

#include "ledger/records/fingerprint.h"
#include "tests/ingest/items/parsing.h"
#include "tests/support/builders.h"
#include "tests/support/print.h"

namespace ingest::test {
namespace {

using ledger::Code;
using ledger::ItemType;
using ledger::test::instant;

// ---- what is understood ----

TEST(ItemParser, understands_a_copayment) {
  const ParsedItem parsed = parse(a_copayment().add("exemption", "\"G\"").set("amountOre", "0"));
  ASSERT_EQ(parsed.refusal, Code::none);
  EXPECT_TRUE(parsed.has_guid);
  EXPECT_EQ(parsed.item.type, ItemType::copayment);
  EXPECT_EQ(to_string(parsed.item.guid), "0f8fad5b-d9cb-469f-a165-70867728950e");
  EXPECT_EQ(parsed.item.practice.view(), "1001");
  EXPECT_EQ(number_in(parsed.item.person), 22'898'595'734U);
  EXPECT_EQ(parsed.item.service_type, ledger::ServiceType::doctor);
  EXPECT_EQ(parsed.item.service_time, instant("2025-03-01T10:00:00+01:00"));
  EXPECT_EQ(parsed.item.amount.ore(), 0);
  EXPECT_TRUE(parsed.item.is_paid);
  EXPECT_EQ(parsed.item.exemption, 'G');
  EXPECT_EQ(parsed.item.received, received);
  ledger::Item identified = parsed.item;
  ledger::identify(identified);
  EXPECT_EQ(parsed.item.fingerprint, identified.fingerprint);
  EXPECT_EQ(parsed.item.content_hash, identified.content_hash);
}

TEST(ItemParser, understands_payment_and_credit_note) {
  EXPECT_EQ(parse(ItemText::payment()).refusal, Code::none);
  EXPECT_EQ(parse(ItemText::payment()).item.type, ItemType::payment);
  EXPECT_EQ(parse(ItemText::credit_note()).refusal, Code::none);
  EXPECT_EQ(parse(ItemText::credit_note()).item.type, ItemType::credit_note);
}

TEST(ItemParser, takes_an_item_without_type_for_a_copayment) {
  EXPECT_EQ(parse(a_copayment().remove("type")).refusal, Code::none);
}

TEST(ItemParser, takes_the_fields_in_any_order_and_spacing) {
  EXPECT_EQ(parse(" \t\r\n{ \"paid\" : true ,\n\"amountOre\" : 5 , \"serviceTime\":"
                  "\"2025-03-01t10:00:00.123456789z\",\"serviceType\" : \"A\", \"personId\":"
                  "\"22898595734\",\"practiceId\":\"00000000000000000001\",\"guid\":"
                  "\"0F8FAD5B-D9CB-469F-A165-70867728950E\" } \r\n")
                .refusal,
            Code::none);
}

TEST(ItemParser, reads_escaped_names_and_values) {
  const ParsedItem parsed =
      parse(a_copayment()
                .remove("guid")
                .add("gu\\u0069d", "\"0f8fad5b-d9cb-469f-a165-70867728950\\u0065\"")
                .set("serviceType", "\"\\u004c\\u0045\""));
  EXPECT_EQ(parsed.refusal, Code::none);
  EXPECT_EQ(to_string(parsed.item.guid), "0f8fad5b-d9cb-469f-a165-70867728950e");
  EXPECT_EQ(refusal_of(a_copayment().add("gu\\u0069d", "\"x\"")), "DUPLICATE_FIELD guid");
}

TEST(ItemParser, takes_a_guid_in_either_case_and_in_braces_for_the_same) {
  const ParsedItem plain = parse(a_copayment());
  for (const char* const guid :
       {"\"0F8fad5b-D9cb-469f-a165-70867728950E\"", "\"{0f8fad5b-d9cb-469f-a165-70867728950e}\"",
        "\"{0F8FAD5B-D9CB-469F-A165-70867728950E}\""}) {
    const ParsedItem parsed = parse(a_copayment().set("guid", guid));
    EXPECT_EQ(parsed.refusal, Code::none) << guid;
    EXPECT_EQ(to_string(parsed.item.guid), "0f8fad5b-d9cb-469f-a165-70867728950e");
    EXPECT_EQ(parsed.item.fingerprint, plain.item.fingerprint);
    EXPECT_EQ(parsed.item.content_hash, plain.item.content_hash);
  }
}

TEST(ItemParser, takes_a_received_time_from_operators_only) {
  const auto with_time = [](ItemText item) {
    return item.add("receivedTime", "\"2025-04-01T10:00:00.5Z\"");
  };
  for (const ItemText& item : {a_copayment(), ItemText::payment(), ItemText::credit_note()}) {
    const ParsedItem parsed = parse(with_time(item), an_operator);
    EXPECT_EQ(parsed.refusal, Code::none);
    EXPECT_EQ(parsed.item.received, instant("2025-04-01T10:00:00.5Z"));
    EXPECT_EQ(refusal_of(with_time(item)), "UNKNOWN_FIELD receivedTime");
    EXPECT_EQ(parse(with_time(item)).item.received, received) << "it would count in that month";
  }
  EXPECT_EQ(refusal_of(a_copayment().add("receivedTime", "\"2025\""), an_operator),
            "INVALID_RECEIVED_TIME");
}

TEST(ItemParser, takes_receipts_of_the_days_that_a_ledger_knows) {
  for (const ItemText& item : {a_copayment(), ItemText::payment(), ItemText::credit_note()}) {
    const auto parse_received = [&](const char* time) {
      return parse(ItemText(item).add("receivedTime", time), an_operator);
    };
    for (const char* const time :
         {"\"2010-01-01T00:00:00+01:00\"", "\"2009-12-31T23:00:00Z\"",
          "\"2009-12-31T00:00:00-23:00\"", "\"2199-12-31T23:59:59.999999999+01:00\"",
          "\"2199-12-31T22:59:59.999999999Z\"", "\"2200-01-01T22:58:59+23:59\""}) {
      EXPECT_EQ(parse_received(time).refusal, Code::none) << time;
    }
    for (const char* const time : {"\"2009-12-31T22:59:59.999999999Z\"",
                                   "\"2009-12-31T23:59:59+01:00\"", "\"2199-12-31T23:00:00Z\"",
                                   "\"2200-01-01T00:00:00+01:00\"", "\"0000-01-01T00:00:00+23:59\"",
                                   "\"9999-12-31T23:59:59-23:59\"", "\"1970-01-01T00:00:00Z\""}) {
      const ParsedItem parsed = parse_received(time);
      EXPECT_EQ(parsed.refusal, Code::invalid_received_time) << time;
      EXPECT_EQ(parsed.item.received, received) << "it is counted under the month it came in";
    }
  }
}

// ---- what is refused, and in which order ----

struct Defect {
  const char* code;
  const char* touches;  ///< two defects of one field do not stand side by side
  const char* field;    ///< that the refusal names
  std::function<void(ItemText&)> spoil;
};

std::function<void(ItemText&)> setting(const char* name, const char* value) {
  return [=](ItemText& item) { item.set(name, value); };
}

TEST(ItemParser, judges_in_the_order_of_the_codes) {
  const Defect defects[] = {
      {"INVALID_TYPE", "type", "", setting("type", "\"refund\"")},
      {"UNKNOWN_FIELD", "note", "note", setting("note", "null")},
      {"MISSING_FIELD", "serviceType", "serviceType",
       [](ItemText& item) { item.remove("serviceType"); }},
      {"DUPLICATE_FIELD", "paid again", "paid", [](ItemText& item) { item.add("paid", "false"); }},
      {"INVALID_GUID", "guid", "", setting("guid", "\"x\"")},
      {"INVALID_PRACTICE_ID", "practiceId", "", setting("practiceId", "\"x\"")},
      {"INVALID_PERSON_ID", "personId", "", setting("personId", "\"22898595735\"")},
      {"INVALID_SERVICE_TYPE", "serviceType", "", setting("serviceType", "\"XX\"")},
      {"INVALID_SERVICE_TIME", "serviceTime", "", setting("serviceTime", "\"2025-03-01\"")},
      {"INVALID_AMOUNT", "amountOre", "", setting("amountOre", "-1")},
      {"INVALID_PAID", "paid", "", setting("paid", "\"true\"")},
      {"INVALID_EXEMPTION", "exemption", "", setting("exemption", "\"a\"")},
      {"INVALID_RECEIVED_TIME", "receivedTime", "", setting("receivedTime", "5")},
      {"EXEMPT_WITH_AMOUNT", "exemption", "", setting("exemption", "\"A\"")},
  };
  for (std::size_t i = 0; i < std::size(defects); ++i) {
    const std::string first =
        std::string(defects[i].code) + (*defects[i].field != 0 ? " " : "") + defects[i].field;
    ItemText alone = a_copayment();
    defects[i].spoil(alone);
    EXPECT_EQ(refusal_of(alone, an_operator), first);
    EXPECT_EQ(refusal_of(parse(alone.text() + "x", an_operator)), "MALFORMED_ITEM");
    for (std::size_t j = i + 1; j < std::size(defects); ++j) {
      if (std::string_view(defects[i].touches) == defects[j].touches) continue;
      const bool needs_amount = std::string_view(defects[j].code) == "EXEMPT_WITH_AMOUNT" &&
                                std::string_view(defects[i].code) == "INVALID_AMOUNT";
      ItemText both = a_copayment();
      defects[j].spoil(both);
      defects[i].spoil(both);
      if (!needs_amount) {
        EXPECT_EQ(refusal_of(both, an_operator), first) << "and " << defects[j].code;
      }
    }
    // With everything that comes later wrong as well.
    ItemText all = a_copayment();
    for (std::size_t j = std::size(defects); j-- > i + 1;) {
      if (std::string_view(defects[i].touches) != defects[j].touches) defects[j].spoil(all);
    }
    defects[i].spoil(all);
    EXPECT_EQ(refusal_of(all, an_operator), first);
  }
}

TEST(ItemParser, names_the_first_unknown_field_in_the_order_of_the_item) {
  EXPECT_EQ(refusal_of(a_copayment().add("b", "1").add("a", "2")), "UNKNOWN_FIELD b");
  EXPECT_EQ(refusal_of(a_copayment().add("z", "1").add_first("y", "2")), "UNKNOWN_FIELD y");
  // Known elsewhere, not allowed here.
  EXPECT_EQ(refusal_of(ItemText::payment().add("paid", "true").add("z", "1")),
            "UNKNOWN_FIELD paid");
  EXPECT_EQ(refusal_of(ItemText::payment().add("z", "1").add("paid", "true")), "UNKNOWN_FIELD z");
  for (const char* name :
       {"personId", "serviceType", "serviceTime", "amountOre", "paid", "exemption"}) {
    EXPECT_EQ(refusal_of(ItemText::payment().add(name, "null")),
              std::string("UNKNOWN_FIELD ") + name);
    EXPECT_EQ(refusal_of(ItemText::credit_note().add_first(name, "null")),
              std::string("UNKNOWN_FIELD ") + name);
  }
}

TEST(ItemParser, distinguishes_upper_and_lower_case_in_names) {
  EXPECT_EQ(refusal_of(a_copayment().add("Guid", "1")), "UNKNOWN_FIELD Guid");
  EXPECT_EQ(refusal_of(a_copayment().add("guid ", "1")), "UNKNOWN_FIELD guid ");
}

TEST(ItemParser, names_the_first_missing_field_in_the_order_of_the_table) {
  const char* const names[] = {"guid",        "practiceId", "personId", "serviceType",
                               "serviceTime", "amountOre",  "paid"};
  ItemText item = a_copayment();
  for (std::size_t i = std::size(names); i-- > 0;) {
    item.remove(names[i]);
    EXPECT_EQ(refusal_of(item), std::string("MISSING_FIELD ") + names[i]);
  }
  EXPECT_EQ(refusal_of(parse("{}")), "MISSING_FIELD guid");
  EXPECT_EQ(refusal_of(ItemText::payment().remove("practiceId")), "MISSING_FIELD practiceId");
  EXPECT_EQ(refusal_of(ItemText::credit_note().remove("guid")), "MISSING_FIELD guid");
}

TEST(ItemParser, names_the_first_field_that_is_repeated) {
  EXPECT_EQ(refusal_of(a_copayment().add("paid", "true").add("guid", "1")), "DUPLICATE_FIELD paid");
  EXPECT_EQ(refusal_of(a_copayment().add("guid", "1").add("guid", "1")), "DUPLICATE_FIELD guid");
}

TEST(ItemParser, goes_by_the_first_of_two_types) {
  EXPECT_EQ(refusal_of(a_copayment().add("type", "\"payment\"")), "DUPLICATE_FIELD type");
  EXPECT_EQ(refusal_of(a_copayment().add_first("type", "\"payment\"")), "UNKNOWN_FIELD personId");
  EXPECT_EQ(refusal_of(a_copayment().add_first("type", "\"x\"")), "INVALID_TYPE");
  EXPECT_EQ(refusal_of(a_copayment().add("type", "\"x\"")), "DUPLICATE_FIELD type");
}

TEST(ItemParser, knows_the_guid_and_the_practice_of_what_it_refuses) {
  const ParsedItem parsed = parse(a_copayment().set("paid", "0"));
  EXPECT_TRUE(parsed.has_guid);
  EXPECT_EQ(parsed.item.practice.view(), "1001");
  const ParsedItem neither = parse(a_copayment().set("guid", "\"1\"").set("practiceId", "\"\""));
  EXPECT_FALSE(neither.has_guid);
  EXPECT_TRUE(neither.item.practice.view().empty());
  const ParsedItem malformed = parse(a_copayment().text() + "}");
  EXPECT_FALSE(malformed.has_guid);
  EXPECT_TRUE(malformed.item.practice.view().empty());
  EXPECT_EQ(malformed.item.received, received);
}

// ---- values ----

TEST(ItemParser, takes_a_wrong_json_type_for_an_invalid_value) {
  const std::pair<const char*, const char*> fields[] = {
      {"type", "INVALID_TYPE"},
      {"guid", "INVALID_GUID"},
      {"practiceId", "INVALID_PRACTICE_ID"},
      {"personId", "INVALID_PERSON_ID"},
      {"serviceType", "INVALID_SERVICE_TYPE"},
      {"serviceTime", "INVALID_SERVICE_TIME"},
      {"amountOre", "INVALID_AMOUNT"},
      {"paid", "INVALID_PAID"},
      {"exemption", "INVALID_EXEMPTION"},
      {"receivedTime", "INVALID_RECEIVED_TIME"},
  };
  for (const auto& [name, code] : fields) {
    for (const std::string_view value :
         {"null", "true", "false", "5", "1.5", "\"\"", "\"x\"", "[]", "{}", "[1,[2]]",
          "{\"guid\":{\"a\":[]}}", "\"17500\"", "\"true\"", "[\"LE\"]"}) {
      const bool is_right =
          (std::string_view(name) == "amountOre" && value == "5") ||
          (std::string_view(name) == "paid" && (value == "true" || value == "false"));
      if (is_right) continue;
      if (std::string_view(name) == "practiceId" && value == "\"17500\"") continue;
      EXPECT_EQ(refusal_of(a_copayment().set(name, value), an_operator), code) << value;
    }
  }
}

TEST(ItemParser, takes_whole_ore_written_in_digits_only) {
  for (const char* good : {"0", "1", "10", "9999999", "10000000", "17500 ", "17500\t\r\n"}) {
    EXPECT_EQ(refusal_of(a_copayment().set("amountOre", good)), "") << good;
  }
  for (const char* bad : {"-0",
                          "-1",
                          "1.0",
                          "0.0",
                          "1e2",
                          "1E2",
                          "1e+2",
                          "1e-2",
                          "0e0",
                          "10000001",
                          "100000000",
                          "4294967296",
                          "4294984796",
                          "9223372036854775807",
                          "9223372036854775808",
                          "18446744073709551616",
                          "18446744073709569116",
                          "111111111111111111111111111111",
                          "1.5e300",
                          "1e400"}) {
    EXPECT_EQ(refusal_of(a_copayment().set("amountOre", bad)), "INVALID_AMOUNT") << bad;
  }
  for (const char* no_json : {"01", "00", "-01", "+1", ".5", "1.", "1e", "0x10", "NaN", "Infinity",
                              "-", "--1", "1 2", "1_000", "1,000", "١"}) {
    EXPECT_EQ(refusal_of(a_copayment().set("amountOre", no_json)), "MALFORMED_ITEM") << no_json;
  }
}

TEST(ItemParser, judges_values_by_the_table) {
  const struct {
    const char* field;
    const char* value;
    const char* refusal;
  } cases[] = {
      {"guid", "\"0f8fad5b-d9cb-469f-a165-70867728950\"", "INVALID_GUID"},
      {"guid", "\"0f8fad5b-d9cb-469f-a165-70867728950ee\"", "INVALID_GUID"},
      {"guid", "\"0f8fad5bd9cb469fa16570867728950e\"", "INVALID_GUID"},
      {"guid", "\"{0f8fad5b-d9cb-469f-a165-70867728950e}\"", ""},
      {"guid", "\"{0f8fad5b-d9cb-469f-a165-70867728950e\"", "INVALID_GUID"},
      {"guid", "\"{{0f8fad5b-d9cb-469f-a165-70867728950e}}\"", "INVALID_GUID"},
      {"guid", "\"0f8fad5b-d9cb-469f-a165-7086772895-e\"", "INVALID_GUID"},
      {"guid", "\"0f8fad5b-d9cb-469f-a165-70867728950g\"", "INVALID_GUID"},
      {"guid", "\"00000000-0000-0000-0000-000000000000\"", ""},
      {"practiceId", "\"\"", "INVALID_PRACTICE_ID"},
      {"practiceId", "\"123456789012345678901\"", "INVALID_PRACTICE_ID"},
      {"practiceId", "\"12345678901234567890\"", ""},
      {"practiceId", "\"12 4\"", "INVALID_PRACTICE_ID"},
      {"practiceId", "\"12\\u00004\"", "INVALID_PRACTICE_ID"},
      {"personId", "\"2289859573\"", "INVALID_PERSON_ID"},
      {"personId", "\"228985957344\"", "INVALID_PERSON_ID"},
      {"personId", "\"00000000000\"", "INVALID_PERSON_ID"},
      {"serviceType", "\"le\"", "INVALID_SERVICE_TYPE"},
      {"serviceType", "\"LE \"", "INVALID_SERVICE_TYPE"},
      {"serviceType", "\"FT\"", ""},
      {"serviceTime", "\"2025-03-01T10:00:00\"", "INVALID_SERVICE_TIME"},
      {"serviceTime", "\"2025-03-01T10:00:60Z\"", "INVALID_SERVICE_TIME"},
      {"serviceTime", "\"2025-02-29T10:00:00Z\"", "INVALID_SERVICE_TIME"},
      {"serviceTime", "\"2025-03-01T10:00:00.1234567890Z\"", "INVALID_SERVICE_TIME"},
      {"serviceTime", "\"2025-03-01T10:00:00.Z\"", "INVALID_SERVICE_TIME"},
      {"serviceTime", "\"2025-03-01t10:00:00z\"", ""},
      {"serviceTime", "\"2025-03-01T10:00:00.000000001-23:59\"", ""},
      {"exemption", "\"F\"", "EXEMPT_WITH_AMOUNT"},
      {"exemption", "\"FF\"", "INVALID_EXEMPTION"},
      {"exemption", "\"\\u00c5\"", "INVALID_EXEMPTION"},
      {"exemption", "\"\"", "INVALID_EXEMPTION"},
      {"exemption", "null", "INVALID_EXEMPTION"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(refusal_of(a_copayment().set(c.field, c.value)), c.refusal) << c.value;
  }
}

TEST(ItemParser, knows_synthetic_numbers_only_where_configured) {
  const std::string text = a_copayment().text();
  EXPECT_EQ(refusal_of(parse(text, practice, ledger::NumberSeries::production)),
            "INVALID_PERSON_ID");
  EXPECT_EQ(refusal_of(parse(text, practice, ledger::NumberSeries::production_and_tests)), "");
}

// ---- names of unknown fields as they are shown ----

TEST(ItemParser, hides_digits_that_could_be_a_number_of_a_person) {
  EXPECT_EQ(refusal_of(a_copayment().add("22898595734", "1")), "UNKNOWN_FIELD ***********");
  EXPECT_EQ(refusal_of(a_copayment().add("id 228985 95734 x", "1")),
            "UNKNOWN_FIELD id ****** ***** x");
  EXPECT_EQ(refusal_of(a_copayment().add("a\\u0032\\u0032898595734", "1")),
            "UNKNOWN_FIELD a***********");
  EXPECT_EQ(refusal_of(a_copayment().add("field12345", "1")), "UNKNOWN_FIELD field12345");
}

TEST(ItemParser, shows_long_names_cut_but_whole_characters) {
  const std::string shown = refusal_of(a_copayment().add(std::string(500, 'n'), "1"));
  EXPECT_EQ(shown, "UNKNOWN_FIELD " + std::string(64, 'n'));
  for (std::size_t before = 60; before <= 66; ++before) {
    std::string name(before, 'n');
    for (int i = 0; i < 20; ++i) name += "\xf0\x9f\x98\x80";
    const ParsedItem parsed = parse(a_copayment().add(name, "1"));
    EXPECT_LE(parsed.field.size(), 64U);
    EXPECT_EQ(parsed.field.find_first_not_of('n'),
              parsed.field.size() > before ? before : std::string::npos);
    EXPECT_EQ((parsed.field.size() - std::min(before, parsed.field.size())) % 4, 0U) << before;
  }
}

TEST(ItemParser, never_shows_a_number_that_was_sent) {
  for (const ItemText& item :
       {a_copayment().set("personId", "22898595734"), a_copayment().add("personId", "1"),
        ItemText::payment().add("personId", "\"22898595734\""),
        a_copayment().add("x22898595734x", "1")}) {
    EXPECT_EQ(parse(item).field.find("22898595734"), std::string::npos);
  }
}

}  // namespace
}  // namespace ingest::test
