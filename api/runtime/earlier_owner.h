#pragma once

#include <vector>

#include "api/runtime/known_account.h"

namespace api {

/// Whom a number led to at the position that `known` is asked for, of all that is known now of the
/// person whom it leads to; 0 = nobody.
ledger::Result<ledger::PersonId> earlier_owner(storage::LedgerFiles& files,
                                               const KnownAccount& known,
                                               const ledger::EncryptedNumber& number);

/// Those of its entries that had come by then, and were of this person then.
std::vector<ledger::Entry> entries_of_owner(const KnownAccount& known, ledger::PersonId owner);

}  // namespace api
