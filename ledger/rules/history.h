#pragma once

#include <vector>

#include "ledger/ports/entry_log.h"
#include "ledger/ports/store.h"

namespace ledger {

/// A registration of an account as it stands now.
struct HeldRegistration {
  Fingerprint key;
  Guid guid;
  Registration registration;

  Position position() const { return registration.reported.position; }
};

/// What an account has come from.
struct AccountHistory {
  std::vector<HeldRegistration> registrations;  ///< by position
  std::vector<Position> items;                  ///< co-payments, payments, credit notes; ascending
};

/// Reads all that an account of this year follows, from its newest item or merge on: over merges,
/// both sides. Payments and credit notes that came while the person was opted out have changed the
/// registrations, but are not among the items.
Result<AccountHistory> read_history(Store& store, const EntryLog& log, Position newest, int year);

}  // namespace ledger
