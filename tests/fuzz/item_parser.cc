// The fast parser against the strict judge: the same verdict, and of what is accepted every field.
// The first byte says who sends, and whether what follows the text could be taken for its end.

#include <boost/json/parse.hpp>
#include <string_view>

#include "ingest/items/json_text.h"
#include "ledger/values/assert.h"
#include "tests/ingest/items/item_text.h"
#include "tests/ingest/items/strict_item.h"

namespace {

using ingest::ItemParser;
using ingest::ParsedItem;
using ledger::Code;

void check_item(std::string_view text, const ingest::Caller& caller, std::string_view tail) {
  static const ingest::test::PlainVault vault;
  static ItemParser parser(vault, ledger::NumberSeries::production_and_tests);
  const ledger::Instant received{1'735'689'600, 5};
  const ingest::test::StrictItem expected = ingest::test::judge(text, caller, received);
  const ingest::test::PaddedText padded(text, tail);
  const ParsedItem parsed = parser.parse(padded.view(), caller, received);
  LEDGER_ASSERT(parsed.refusal == expected.refusal);
  LEDGER_ASSERT(parsed.has_guid == expected.has_guid);
  if (parsed.refusal == Code::missing_field || parsed.refusal == Code::duplicate_field) {
    LEDGER_ASSERT(parsed.field == expected.field);
  }
  if (parsed.refusal != Code::none) return;
  const ledger::Item& item = parsed.item;
  LEDGER_ASSERT(item.type == expected.item.type);
  LEDGER_ASSERT(item.guid == expected.item.guid);
  LEDGER_ASSERT(item.practice == expected.item.practice);
  LEDGER_ASSERT(item.received == expected.item.received);
  LEDGER_ASSERT(item.fingerprint == expected.item.fingerprint);
  LEDGER_ASSERT(item.content_hash == expected.item.content_hash);
  if (item.type != ledger::ItemType::copayment) return;
  LEDGER_ASSERT(item.person == expected.item.person);
  LEDGER_ASSERT(item.service_type == expected.item.service_type);
  LEDGER_ASSERT(item.service_time == expected.item.service_time);
  LEDGER_ASSERT(item.amount == expected.item.amount);
  LEDGER_ASSERT(item.is_paid == expected.item.is_paid);
  LEDGER_ASSERT(item.exemption == expected.item.exemption);
}

/// An array falls into its elements, an object stays whole, anything else is refused.
void check_split(std::string_view text) {
  std::vector<std::string_view> elements;
  const bool is_split = ingest::split_json(text, elements);
  boost::json::error_code error;
  const boost::json::value whole = boost::json::parse({text.data(), text.size()}, error);
  // It refuses numbers that are JSON.
  if (error == boost::json::error::exponent_overflow) return;
  LEDGER_ASSERT(is_split == (!error && (whole.is_array() || whole.is_object())));
  if (!is_split) return;
  LEDGER_ASSERT(elements.size() == (whole.is_array() ? whole.get_array().size() : 1));
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto element = boost::json::parse({elements[i].data(), elements[i].size()});
    const boost::json::value& expected = whole.is_array() ? whole.get_array()[i] : whole;
    // Boost.JSON does not read a number the same in every place, nor 0e999 as equal to itself.
    LEDGER_ASSERT(element.kind() == expected.kind());
    if (!element.is_structured()) LEDGER_ASSERT(element.is_number() || element == expected);
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const ingest::Caller caller{{"fuzz"}, (data[0] & 1U) != 0};
  check_item(text, caller, (data[0] & 2U) != 0 ? "\"}]}" : "");
  check_split(text);
  return 0;
}
