#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace api {

/// Makes DPoP proofs (RFC 9449, 4.2) for a client: the other side of verify_dpop_proof().
class ProofMaker {
 public:
  /// From a file with a private key on P-256, as PEM or as JWK. Throws std::runtime_error.
  static ProofMaker from_file(const std::string& path);
  ProofMaker(ProofMaker&&) noexcept;
  ~ProofMaker();

  /// A new proof for one request with this token. `url` is without query.
  std::string make(std::string_view method, std::string_view url, std::string_view token,
                   std::int64_t now_s) const;

 private:
  struct Impl;
  explicit ProofMaker(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace api
