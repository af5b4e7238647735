#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace api::test {

/// A key pair that signs tokens and proofs, as issuers and clients do.
class TestKey {
 public:
  static TestKey on_curve(std::string_view curve);
  static TestKey rsa(std::size_t bits);

  /// With `kid`, unless it is empty.
  boost::json::object public_jwk(std::string_view key_id = {}) const;
  boost::json::object private_jwk() const;
  /// A compact JWS with the algorithm that the header names. REQUIRES: the header holds texts,
  /// objects and arrays alone.
  std::string sign(const boost::json::object& header, const boost::json::object& payload) const;

 private:
  struct Impl;
  explicit TestKey(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  boost::json::object jwk(bool is_private) const;
  std::shared_ptr<Impl> impl_;
};

/// Three parts of which nobody vouches for the last.
std::string unsigned_jws(const boost::json::object& header, const boost::json::object& payload,
                         std::string_view signature);

/// `{"keys":[...]}`
std::string key_set_text(std::initializer_list<boost::json::object> keys);

}  // namespace api::test
