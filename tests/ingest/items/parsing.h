#pragma once

#include <string>
#include <string_view>

#include "ingest/items/item_parser.h"
#include "tests/ingest/items/item_text.h"

// Items as they are parsed, and how they are refused.

namespace ingest::test {

inline const Caller practice{{"practice"}, false};
inline const Caller an_operator{{"operator"}, true};
inline constexpr ledger::Instant received{1'750'000'000, 0};

inline ParsedItem parse(std::string_view text, const Caller& caller = practice,
                        ledger::NumberSeries series = ledger::NumberSeries::production_and_tests) {
  static const PlainVault vault;
  ItemParser parser(vault, series);
  return parser.parse(PaddedText(text).view(), caller, received);
}
inline ParsedItem parse(const ItemText& item, const Caller& caller = practice) {
  return parse(item.text(), caller);
}

inline ItemText a_copayment() { return ItemText::copayment(); }

/// Code and field of a refusal, as one word to compare with.
inline std::string refusal_of(const ParsedItem& parsed) {
  const std::string code(name_of(parsed.refusal));
  return parsed.field.empty() ? code : code + ' ' + parsed.field;
}
inline std::string refusal_of(const ItemText& item, const Caller& caller = practice) {
  return refusal_of(parse(item, caller));
}

}  // namespace ingest::test
