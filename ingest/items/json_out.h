#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/values/ids.h"

// Pieces of JSON for answers that are written by hand, where a library would cost too much.
namespace ingest {

void append_number(std::string& out, std::uint64_t value);

/// Appends text as a JSON string, quotes included.
void append_json_string(std::string& out, std::string_view text);

/// Appends a position as a JSON string, quotes included; see ledger::append_position().
void append_position(std::string& out, ledger::Position position);

/// The name of a field or parameter that somebody sent, as it may be shown: bounded, and without
/// what could be a person's number.
std::string shown_name(std::string_view name);

}  // namespace ingest
