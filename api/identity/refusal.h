#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

namespace api {

/// Why somebody is not let in.
struct Refusal {
  enum class Kind : std::uint8_t {
    no_credentials,   ///< none, or none that can be used: 401
    token,            ///< 401, `invalid_token`
    proof,            ///< 401, `invalid_dpop_proof`
    unknown_key,      ///< as `token`, if the issuer has no such key when asked once more
    no_keys,          ///< of the issuer, ever: 503
    too_many_proofs,  ///< 429: no more of them can be remembered
    scope,            ///< 403, `insufficient_scope`
    not_allowed,      ///< 403
  };
  Kind kind = Kind::not_allowed;
  std::string_view reason;  ///< a literal, for the log of the operator
};

/// What was asked for, or why not.
template <class Value>
using Judged = std::variant<Value, Refusal>;

}  // namespace api
