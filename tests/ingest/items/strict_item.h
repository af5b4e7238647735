#pragma once

#include <string>
#include <string_view>

#include "ingest/items/item_parser.h"

namespace ingest::test {

/// What the parser has to make of a text, found slowly: Boost.JSON reads all of it, and the item is
/// judged from the fields it has. For PlainVault and both series of numbers.
struct StrictItem {
  ledger::Code refusal = ledger::Code::none;
  std::string field;      ///< of a missing or duplicate one, its name
  bool has_guid = false;  ///< a valid guid, in a text that is an item at all
  ledger::Item item;      ///< when nothing is refused
};
StrictItem judge(std::string_view text, const Caller& caller, ledger::Instant received);

}  // namespace ingest::test
