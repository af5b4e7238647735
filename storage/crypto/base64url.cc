#include "storage/crypto/base64url.h"

#include <sodium.h>

namespace storage {
namespace {

constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::string encode(const std::uint8_t* bytes, std::size_t size, int as) {
  std::string text(sodium_base64_encoded_len(size, as), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes, size, as);
  text.pop_back();  // the zero that ends it
  return text;
}

}  // namespace

std::string to_base64url(std::span<const std::uint8_t> bytes) {
  return encode(bytes.data(), bytes.size(), variant);
}

std::string to_base64(std::string_view bytes) {
  return encode(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                sodium_base64_VARIANT_ORIGINAL);
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + text.size() % 4, '\0');
  std::size_t size = 0;
  const int status = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                                       text.data(), text.size(), nullptr, &size, nullptr, variant);
  if (status != 0) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

}  // namespace storage
