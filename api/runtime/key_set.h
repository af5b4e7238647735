#pragma once

#include <span>

#include "storage/crypto/crypto.h"
#include "storage/json/json.h"

namespace api {

/// The elements of a JSON Web Key Set (RFC 7517).
storage::Json key_set_json(std::span<const storage::PublicKey> keys);

}  // namespace api
