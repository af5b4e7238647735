#pragma once

#include <string>
#include <vector>

#include "ingest/writer/submission.h"

namespace ingest {

/// Appends the answer to one item, without position where nothing is stored (in a dry run), as one
/// compact JSON object and a line feed. These bytes are what the commit group's Merkle tree is made
/// over.
void append_result(std::string& out, std::uint64_t index, const ParsedItem& parsed,
                   const ledger::Outcome& outcome);

/// Appends the way from a leaf to its root as a JSON array: `[{"left":"…"},{"right":"…"}]`.
void append_path(std::string& out, const std::vector<ledger::MerkleStep>& path);
/// Whether the submission stored something, which a receipt then proves.
bool has_receipt(const Submission& submission);
/// Appends the receipt of a submission that has one, as one compact JSON object. The thread that
/// answers calls it, because the committing thread has other work waiting.
void append_receipt(std::string& out, const Submission& submission);

}  // namespace ingest
