#include "storage/crypto/scrypt.h"

#include <openssl/evp.h>

#include <stdexcept>

namespace storage {
namespace {

constexpr std::uint64_t memory_bytes_max = 64U << 20;

}  // namespace

std::string scrypt(std::string_view secret, std::string_view salt, const ScryptCost& cost,
                   std::size_t bytes) {
  std::string key(bytes, '\0');
  const int is_done = EVP_PBE_scrypt(secret.data(), secret.size(),
                                     reinterpret_cast<const unsigned char*>(salt.data()),
                                     salt.size(), cost.n, cost.r, cost.p, memory_bytes_max,
                                     reinterpret_cast<unsigned char*>(key.data()), key.size());
  if (is_done != 1) throw std::runtime_error("scrypt cannot be worked out: too little memory");
  return key;
}

}  // namespace storage
