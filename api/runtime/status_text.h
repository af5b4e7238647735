#pragma once

#include <string>

#include "storage/state/state_store.h"

namespace api {

/// The counts, sums, head and checksum of a ledger, and who had it do what lately, as JSON: GET
/// /v1/status and `frikort status`.
std::string status_json(const storage::StateStore& state, const storage::AppliedState& head);

/// An amount for people: `3278.00 kr`.
std::string kroner_text(std::int64_t ore);

}  // namespace api
