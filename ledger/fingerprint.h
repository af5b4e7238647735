#pragma once

#include "ledger/item.h"

namespace ledger {

/// The key of a registration: the XXH3 128-bit hash of guid and practice. STORED: never changes.
Fingerprint fingerprint_of(const PracticeId& practice, const Guid& guid);

/// What a resend must equal: service type, service time as an instant, amount, paid and exemption.
/// The person is compared by id, practice and guid by the fingerprint. STORED: never changes.
std::uint64_t content_hash_of(const Item& item);

/// Sets both in the item.
void identify(Item& item);

}  // namespace ledger
