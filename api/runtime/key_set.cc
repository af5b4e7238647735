#include "api/runtime/key_set.h"

#include "storage/crypto/base64url.h"

namespace api {

using storage::Json;

Json key_set_json(std::span<const storage::PublicKey> keys) {
  Json set = Json::array();
  for (const storage::PublicKey& key : keys) {
    set.add(Json::object({{"kty", "OKP"},
                          {"crv", "Ed25519"},
                          {"use", "sig"},
                          {"alg", "EdDSA"},
                          {"kid", storage::key_id_of(key)},
                          {"x", storage::to_base64url(key)}}));
  }
  return set;
}

}  // namespace api
