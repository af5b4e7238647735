#pragma once

#include "ledger/records/account.h"
#include "ledger/records/item.h"
#include "ledger/records/registry_event.h"

namespace ledger {

/// The key of a registration: the XXH3 128-bit hash of guid and practice. STORED: never changes.
Fingerprint fingerprint_of(const PracticeId& practice, const Guid& guid);

/// What a resend must equal: service type, service time as an instant, amount, paid and exemption.
/// The person is compared by id, practice and guid by the fingerprint. STORED: never changes.
std::uint64_t content_hash_of(const Item& item);

/// What a resend of an event must equal: everything but the time of receipt. STORED: never changes.
std::uint64_t content_hash_of(const PersonEvent& event);
std::uint64_t content_hash_of(const PracticeEvent& event);

/// The id of the card that the person gets for the year when this registration crosses the ceiling:
/// the name-based UUID (RFC 9562, version 5) of the text `frikort/PERSON/YEAR` in the name space
/// that the registration's guid is. Anybody who knows the three can work it out again. STORED:
/// never changes.
CardId card_id_of(const AccountKey& account, const Guid& crossing_guid);

/// Sets fingerprint and content hash in the item.
void identify(Item& item);

}  // namespace ledger
