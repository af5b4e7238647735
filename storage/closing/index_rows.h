#pragma once

#include <span>

#include "ledger/records/entry.h"
#include "ledger/reference/reference.h"
#include "storage/closing/practices.h"
#include "storage/closing/reconciliation_parts.h"

/// What the indexes of the state must say of a person-year: given its entries and the account that
/// follows from them, puts the rows aside for the comparisons that come later.
namespace storage {

/// Rows of the index of registrations, by fingerprint.
void put_aside_registrations(std::span<const ledger::ItemEntry> entries,
                             const ledger::ReferenceAccount& account, const Practices& practices,
                             ReconciliationParts& parts);

/// Rows of the index of unpaid registrations, by practice.
void put_aside_unpaid(std::span<const ledger::ItemEntry> entries,
                      const ledger::ReferenceAccount& account, ReconciliationParts& parts);

}  // namespace storage
