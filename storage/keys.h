#pragma once

#include <filesystem>
#include <memory>

#include "storage/crypto.h"

namespace storage {

/// The keys of one ledger, as files in a folder that only its owner can read:
///   signing.pem  the Ed25519 key that signs commit groups
///   signing.pub  its public half, 64 hexadecimal digits: what an auditor needs
///   master.key   wraps the number key, 64 hexadecimal digits; may be kept elsewhere and rotated
///   numbers.key  the wrapped key that encrypts national numbers; losing it loses the numbers
struct KeyRing {
  SigningKey signing;
  NumberCipher numbers;

  /// Reads the keys; makes new ones when the folder does not exist yet. Throws std::runtime_error
  /// when a file is missing, not readable by its owner only, or does not fit the others.
  static KeyRing open_or_create(const std::filesystem::path& folder);
  /// The same, but a folder that does not exist is an error.
  static KeyRing open(const std::filesystem::path& folder);
};

}  // namespace storage
