#pragma once

#include <string>
#include <string_view>

#include "ledger/values/ids.h"

namespace ledger {

/// Appends a position as everybody outside sees it: `0-4711`, shard and offset. Opaque to them.
void append_position(std::string& out, Position position);
std::string to_string(Position position);

/// Reads such a text; false when it is none of this shard. A position has one spelling.
bool parse_position(std::string_view text, Position& out);

}  // namespace ledger
