#pragma once

#include <cstddef>
#include <limits>
#include <string>

#include "api/runtime/known_account.h"

namespace api {

/// Which registrations of an account are shown, in the order of their service.
struct AccountPage {
  std::size_t limit = std::numeric_limits<std::size_t>::max();
  ledger::Position after;  ///< of the last one shown before; 0 = from the first
};

/// An account as the citizen portal shows it.
struct AccountText {
  std::string json;       ///< without its end: `nextCursor` and `}` are still to come
  bool has_page = true;   ///< `after` is one of its registrations
  ledger::Position last;  ///< of the last registration shown, when there are more; else 0
};

/// Writes the account of a year as a JSON object without its end. Practices are shown by the
/// identifier that they use themselves, and by the name that the registry had given them by then.
ledger::Result<AccountText> account_text(OpenLedger& open, const KnownAccount& known, int year,
                                         const AccountPage& page);

}  // namespace api
