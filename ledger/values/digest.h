#pragma once

#include <array>
#include <cstdint>

namespace ledger {

/// A SHA-256 hash.
using Digest = std::array<std::uint8_t, 32>;

/// An Ed25519 signature (RFC 8032), and the public key that it is checked with.
using Signature = std::array<std::uint8_t, 64>;
using PublicKey = std::array<std::uint8_t, 32>;

}  // namespace ledger
