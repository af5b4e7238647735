#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "storage/crypto/signing_keys.h"
#include "storage/files/folder_lock.h"

namespace storage {

/// A file of a signing key, and what may be known of it.
struct SigningKeyFile {
  std::filesystem::path path;
  PublicKey key{};
  std::string made_by;  ///< a user of the machine; empty when the file does not say it
};

/// The keys of one ledger, as files in a folder that only its owner can read.
///
/// - signing.pem: the Ed25519 key that signs commit groups, from the first on.
/// - signing.pub: its public half, 64 hexadecimal digits; what an auditor needs, whatever signs
///   later.
/// - signing-2.pem, signing-3.pem ...: each takes the place of the key before. The journal says
///   which of them signs: the one before the newest file, until a service has put the newest into
///   the journal. One that signs no more opens backups from before.
/// - master.key: wraps the number key, 64 hexadecimal digits; may be a link to where it is kept.
/// - numbers.key: the wrapped key that encrypts national numbers; losing it loses the numbers.
/// - numbers.key.next: the number key, wrapped with the next master key. It is there after a
///   rotation that ended before its last step.
///
/// A key that takes another's place has a line about who had it made.
struct KeyRing {
  std::shared_ptr<SigningKeys> signing;
  PublicKey first{};  ///< the public half of the first that signed
  /// Held while the keys are in use: no rotation begins meanwhile.
  FolderLock use;
  NumberCipher numbers;
  /// The last rotation ended after its new master key was in place. The next one tidies up.
  bool is_rotation_unfinished = false;

  /// What the ledger is known by: the id of the first key that signed.
  std::string ledger_id() const { return key_id_of(first); }

  /// Reads the signing keys that have come since, each on stable storage then. Throws
  /// std::runtime_error.
  void read_new_signing_keys(const std::filesystem::path& folder) const;

  /// Makes new keys. Throws std::runtime_error when there is something at the place of the folder,
  /// other than an empty folder.
  static void create(const std::filesystem::path& folder);
  /// Reads the keys; makes new ones when the folder does not exist yet. Throws std::runtime_error
  /// when a file is missing, not readable by its owner only, or does not fit the others.
  static KeyRing open_or_create(const std::filesystem::path& folder);
  /// The same, but a folder that does not exist is an error.
  static KeyRing open(const std::filesystem::path& folder);
  /// Those in the folder, in their order. Throws std::runtime_error.
  static std::vector<SigningKeyFile> signing_key_files(const std::filesystem::path& folder);
  /// Makes another signing key, which is to take the place of the newest. Somebody may have the
  /// keys open. Throws std::runtime_error when open() would.
  static void add_signing_key(const std::filesystem::path& folder, const std::string& made_by);
  /// Wraps the number key with a new master key; numbers are encrypted as before, and the signing
  /// keys stay. However it ends, the keys in the folder can be opened. Throws std::runtime_error
  /// when open() would, and when somebody has the keys open.
  static void rotate(const std::filesystem::path& folder, const std::string& made_by);
};

}  // namespace storage
