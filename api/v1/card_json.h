#pragma once

#include <optional>
#include <string>

#include "ledger/records/account.h"

namespace api {

/// The card of a year as answers show it, a JSON object; `null` where there is none.
void append_card(std::string& out, int year, const std::optional<ledger::ExemptionCard>& card);

}  // namespace api
