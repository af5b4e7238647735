#pragma once

#include <string>

#include "storage/bytes/format.h"

namespace api {

/// The counts, sums, head and checksum of a ledger as JSON: GET /v1/status and `frikort status`.
std::string status_json(const storage::AppliedState& head);

/// An amount for people: `3278.00 kr`.
std::string kroner_text(std::int64_t ore);

}  // namespace api
