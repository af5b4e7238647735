#pragma once

#include <filesystem>

#include "storage/crypto/crypto.h"
#include "storage/files/folder_lock.h"

namespace storage {

/// The keys of one ledger, as files in a folder that only its owner can read.
///
/// - signing.pem: the Ed25519 key that signs commit groups.
/// - signing.pub: its public half, 64 hexadecimal digits; what an auditor needs.
/// - master.key: wraps the number key, 64 hexadecimal digits; may be a link to where it is kept.
/// - numbers.key: the wrapped key that encrypts national numbers; losing it loses the numbers.
/// - numbers.key.next: the number key, wrapped with the next master key. It is there after a
///   rotation that ended before its last step.
struct KeyRing {
  SigningKey signing;
  /// Held while the keys are in use: no rotation begins meanwhile.
  FolderLock use;
  NumberCipher numbers;
  /// The last rotation ended after its new master key was in place. The next one tidies up.
  bool is_rotation_unfinished = false;

  /// Makes new keys. Throws std::runtime_error when there is something at the place of the folder,
  /// other than an empty folder.
  static void create(const std::filesystem::path& folder);
  /// Reads the keys; makes new ones when the folder does not exist yet. Throws std::runtime_error
  /// when a file is missing, not readable by its owner only, or does not fit the others.
  static KeyRing open_or_create(const std::filesystem::path& folder);
  /// The same, but a folder that does not exist is an error.
  static KeyRing open(const std::filesystem::path& folder);
  /// Wraps the number key with a new master key; numbers are encrypted as before, and the signing
  /// key stays. However it ends, the keys in the folder can be opened. Throws std::runtime_error
  /// when open() would, and when somebody has the keys open.
  static void rotate(const std::filesystem::path& folder);
};

}  // namespace storage
