#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/keys/query_keys.h"

namespace api {

/// The text in a JSON Web Encryption in compact form (RFC 7516), with RSA-OAEP-256 and A256GCM, by
/// one of our keys. Nothing, whatever the reason: who sent it shall not learn which. `zip` and
/// `crit` are refused; keys that are named in the header are never fetched.
std::optional<std::string> open_jwe(std::string_view compact, storage::QueryKeys& keys,
                                    std::int64_t now_s);

}  // namespace api
