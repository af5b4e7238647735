#include "api/national/jwe.h"

#include <algorithm>
#include <array>

#include "api/national/strict_json.h"
#include "storage/crypto/base64url.h"

namespace api {
namespace {

/// Header, wrapped key, initial vector, ciphertext, tag.
constexpr std::size_t part_count = 5;

using Parts = std::array<std::string_view, part_count>;

std::optional<Parts> parts_of(std::string_view compact) {
  Parts parts;
  for (std::size_t i = 0; i < part_count; ++i) {
    const std::size_t end = std::min(compact.find('.'), compact.size());
    const bool is_last = i + 1 == part_count;
    if (end == 0 || (end == compact.size()) != is_last) return std::nullopt;
    parts[i] = compact.substr(0, end);
    compact.remove_prefix(is_last ? end : end + 1);
  }
  return parts;
}

/// The id of the key, when the header asks for what we do.
std::optional<std::string> key_id_of(std::string_view encoded) {
  const auto text = storage::from_base64url(encoded);
  const auto header = text ? StrictObject::parse(*text) : std::nullopt;
  if (!header || header->repeated()) return std::nullopt;
  if (header->text("alg") != "RSA-OAEP-256" || header->text("enc") != "A256GCM") {
    return std::nullopt;
  }
  if (header->has("zip") || header->has("crit")) return std::nullopt;
  const auto id = header->text("kid");
  return id ? std::optional<std::string>(*id) : std::nullopt;
}

}  // namespace

std::optional<std::string> open_jwe(std::string_view compact, storage::QueryKeys& keys,
                                    std::int64_t now_s) {
  const auto parts = parts_of(compact);
  if (!parts) return std::nullopt;
  const auto id = key_id_of((*parts)[0]);
  const auto wrapped = storage::from_base64url((*parts)[1]);
  const auto initial_vector = storage::from_base64url((*parts)[2]);
  const auto ciphertext = storage::from_base64url((*parts)[3]);
  const auto tag = storage::from_base64url((*parts)[4]);
  if (!id || !wrapped || !initial_vector || !ciphertext || !tag) return std::nullopt;
  const auto key = keys.find(*id, now_s);
  if (key == nullptr) return std::nullopt;
  return storage::open_sealed(key->key.unwrap(*wrapped), *initial_vector, (*parts)[0], *ciphertext,
                              *tag);
}

}  // namespace api
