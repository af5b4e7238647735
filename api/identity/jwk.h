#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace api {

/// The public half of a key that signs tokens or proofs (RFC 7517): RSA of at least 2048 bits, or
/// a point on P-256, P-384 or P-521.
class PublicJwk {
 public:
  /// Nothing when it is no such key: another type or curve, too short, a point off the curve,
  /// a number that is not written in its one shortest form, or with a private part in it.
  static std::optional<PublicJwk> from_json(const boost::json::object& json);

  const std::string& key_id() const { return key_id_; }
  /// SHA-256 of the key by RFC 7638, as base64url. The same key has it however it was written.
  const std::string& thumbprint() const { return thumbprint_; }
  /// Whether the key says that it is for signatures, or does not say what for.
  bool is_for_signatures() const { return is_for_signatures_; }
  /// Whether signatures of this algorithm can be by this key, by its type, curve and own `alg`.
  bool fits(std::string_view algorithm) const;

  /// Whether the compact JWS is signed by this key, with the algorithm that its header names.
  /// REQUIRES: the JWS is well-formed (see parse_jws()), and fits(algorithm).
  bool has_signed(std::string_view compact, std::string_view algorithm) const;

 private:
  struct Impl;

  bool read_rsa(const boost::json::object& json);
  bool read_curve_point(const boost::json::object& json);

  std::string key_id_;
  std::string thumbprint_;
  std::string algorithm_;  // the only one, if the key says so
  std::string curve_;      // empty: RSA
  bool is_for_signatures_ = true;
  std::shared_ptr<const Impl> impl_;
};

/// The keys that one issuer signs with.
class KeySet {
 public:
  /// From a JWK set. Keys of other types, without `kid`, or for encryption are stepped over.
  /// Nothing when the text is no JWK set.
  static std::optional<KeySet> from_json(std::string_view text);

  /// Null when there is none with this id.
  const PublicJwk* find(std::string_view key_id) const;
  std::size_t size() const { return keys_.size(); }

 private:
  std::vector<PublicJwk> keys_;
};

/// Every algorithm that tokens and proofs can be signed with. No HMAC, and no `none`.
bool is_signature_algorithm(std::string_view name);

}  // namespace api
