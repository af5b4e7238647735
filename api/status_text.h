#pragma once

#include <string>

#include "storage/format.h"

namespace api {

/// The counts, sums, head and checksum of a ledger as JSON: GET /v1/status and `frikort status`.
std::string status_json(const storage::AppliedState& head);

}  // namespace api
