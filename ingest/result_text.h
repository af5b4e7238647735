#pragma once

#include <string>

#include "ingest/item_parser.h"
#include "ledger/journal.h"
#include "ledger/ledger.h"

namespace ingest {

/// Appends text as a JSON string, quotes included.
void append_json_string(std::string& out, std::string_view text);

/// `0-4711`: shard and offset. Opaque to everybody else.
void append_position(std::string& out, ledger::Position position);
/// The offset of a position text of this shard; false when it is none.
bool parse_position(std::string_view text, ledger::Position& out);

/// Appends the answer to one item, as one compact JSON object and a line feed. These bytes are what
/// the commit group's Merkle tree is made over.
void append_result(std::string& out, std::uint64_t index, const ParsedItem& parsed,
                   const ledger::Outcome& outcome);

/// Appends the receipt of the results `first` to `last` of one request, as one compact JSON object.
void append_receipt(std::string& out, ledger::Position group, std::uint64_t first,
                    std::uint64_t last, const ledger::Seal& seal,
                    const std::vector<ledger::MerkleStep>& path);

}  // namespace ingest
