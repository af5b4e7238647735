#include "storage/crypto/random_bytes.h"

#include <openssl/rand.h>

#include <stdexcept>

namespace storage {

void fill_random(std::span<std::uint8_t> bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("the system gives no random bytes");
  }
}

}  // namespace storage
