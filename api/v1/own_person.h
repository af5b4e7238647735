#pragma once

#include <optional>

#include "api/http/http_message.h"
#include "api/http/problem.h"
#include "api/runtime/open_ledger.h"

namespace api {

/// Why the caller may not ask about this person: a citizen asks about himself alone, by whichever
/// of his numbers. Nothing when the caller may.
std::optional<Problem> person_problem(OpenLedger& open, const Request& request,
                                      const ledger::EncryptedNumber& asked);

}  // namespace api
