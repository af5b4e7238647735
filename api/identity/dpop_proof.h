#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "api/identity/access_token.h"
#include "api/identity/issuer.h"
#include "api/identity/refusal.h"
#include "storage/crypto/crypto.h"

namespace api {

/// Longer proofs are refused unread.
constexpr std::size_t proof_bytes_max = 8U << 10;

/// What a proof is remembered by, so that it is good once: key and `jti`, as a hash.
struct ProofId {
  std::array<std::uint8_t, 16> hash{};
  std::int64_t issued_s = 0;
};

/// The request that a proof is for.
struct RequestLine {
  std::string_view method;
  std::string_view target;  ///< path, and query if it has one
};

/// Verifies that the proof is for this token and this request, by RFC 9449, 4.3. That it is used
/// once is left to ReplayMemory.
Judged<ProofId> verify_dpop_proof(std::string_view compact, const AccessToken& token,
                                  const ledger::Digest& token_hash, const RequestLine& request,
                                  const AuthSettings& settings, std::int64_t now_s);

}  // namespace api
