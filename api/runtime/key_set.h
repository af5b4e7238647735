#pragma once

#include <span>
#include <vector>

#include "storage/json/json.h"
#include "storage/ledger_files/ledger_files.h"

namespace api {

/// The public keys with which a ledger has signed and signs, the first one first.
std::vector<storage::PublicKey> public_keys(storage::LedgerFiles& files);

/// The elements of a JSON Web Key Set (RFC 7517).
storage::Json key_set_json(std::span<const storage::PublicKey> keys);

}  // namespace api
