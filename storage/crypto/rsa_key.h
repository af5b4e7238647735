#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/crypto/crypto.h"

namespace storage {

/// An RSA key with which others encrypt for us: RSAES-OAEP with SHA-256 and MGF1 with SHA-256 (RFC
/// 8017, 7.1). From any thread.
class RsaKey {
 public:
  static RsaKey generate();
  /// From a PEM text (PKCS #8), before which anything may stand. Throws std::runtime_error when it
  /// is not an RSA private key of 2048 bits or more.
  static RsaKey from_pem(const std::string& pem);

  RsaKey(RsaKey&&) noexcept;
  RsaKey& operator=(RsaKey&&) noexcept;
  ~RsaKey();

  std::string to_pem() const;
  /// Big-endian, without zeros before.
  std::string modulus() const;
  std::string exponent() const;

  /// The key that was wrapped. A random one when nothing was that is a key: whoever sent it shall
  /// learn that neither by an answer nor by its time (RFC 7516, 11.5).
  DataKey unwrap(std::string_view wrapped) const;

 private:
  struct Impl;
  explicit RsaKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Opens what was sealed with AES-256-GCM; nothing when anything was changed. The initial vector
/// has 12 bytes, the tag 16.
std::optional<std::string> open_sealed(const DataKey& key, std::string_view initial_vector,
                                       std::string_view additional_data,
                                       std::string_view ciphertext, std::string_view tag);

}  // namespace storage
