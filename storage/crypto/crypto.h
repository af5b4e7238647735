#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "ledger/ports/journal.h"
#include "ledger/ports/number_vault.h"
#include "ledger/values/hex.h"
#include "ledger/values/ids.h"

namespace storage {

using ledger::Digest;
using ledger::from_hex;
using ledger::to_hex;

/// The SHA-256 of the parts, one after another.
Digest sha256(std::string_view first, std::string_view second = {}, std::string_view third = {});

/// The SHA-256 of what comes piece by piece.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void update(std::string_view bytes);
  /// Of everything so far; call once.
  Digest finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The SHA-256 of a file. Throws std::runtime_error when it cannot be read.
Digest sha256_of_file(const std::filesystem::path& path);

using ledger::PublicKey;
using ledger::Signature;

/// The first 16 hexadecimal digits of the public key's SHA-256.
std::string key_id_of(const PublicKey& key);
/// From 64 hexadecimal digits or PEM (SubjectPublicKeyInfo). Throws std::runtime_error.
PublicKey parse_public_key(const std::string& text);

using Signature = std::array<std::uint8_t, 64>;

/// Ed25519 (RFC 8032) key that signs commit groups, and what else is to be believed of a ledger.
class SigningKey {
 public:
  static SigningKey generate();
  /// From a PEM text (PKCS #8). Throws std::runtime_error when it is not an Ed25519 private key.
  static SigningKey from_pem(const std::string& pem);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  std::string to_pem() const;
  const PublicKey& public_key() const { return public_key_; }
  const std::string& key_id() const { return key_id_; }
  Signature sign(const Digest& digest) const;
  /// Of a whole text, which is never 32 bytes long: so that it is no digest of anything.
  Signature sign(std::string_view text) const;

 private:
  struct Impl;
  explicit SigningKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  PublicKey public_key_{};
  std::string key_id_;
};

/// Whether `signature` over `digest` was made with the private half of `public_key`.
bool is_signed_by(const PublicKey& public_key, const Digest& digest, const Signature& signature);
bool is_signed_by(const PublicKey& public_key, std::string_view text, const Signature& signature);

/// What a key signs to vouch for the one that follows it.
std::string key_change_text(const PublicKey& next);

using DataKey = std::array<std::uint8_t, 32>;

DataKey random_data_key();
/// AES-256 key wrap (RFC 3394): a data key as it lies on disk, 40 bytes.
std::string wrap_key(const DataKey& wrapping_key, const DataKey& data_key);
/// Throws std::runtime_error when the wrapping key is not the one that wrapped it.
DataKey unwrap_key(const DataKey& wrapping_key, std::string_view wrapped);

/// Encrypts national numbers: one AES-256 block of a fixed prefix and the number. Deterministic, so
/// that the result serves as an index key; without the data key it tells nothing.
class NumberCipher final : public ledger::NumberVault {
 public:
  explicit NumberCipher(const DataKey& key) : key_(key) {}
  ledger::EncryptedNumber encrypt(ledger::NationalId number) const override;

  /// The eleven digits again: for payouts, and for nothing else. Throws std::runtime_error when
  /// they were encrypted with another key.
  std::string decrypt(const ledger::EncryptedNumber& number) const;

 private:
  using Block = std::array<std::uint8_t, 16>;
  Block encrypt_block(const Block& block) const;

  DataKey key_;
};

}  // namespace storage
