// Signatures are checked by cjose: it knows keys and all nine algorithms, each in the form that
// JOSE gives it, and is the fastest JOSE library in Debian. What it does not judge is judged here
// before it sees anything: form, sizes, curves, and which algorithm goes with which key.

#include "api/identity/jwk.h"

#include <cjose/cjose.h>

#include <algorithm>
#include <array>
#include <bit>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <cstdint>
#include <cstdlib>
#include <unordered_map>

#include "storage/crypto/base64url.h"
#include "storage/crypto/crypto.h"

namespace api {
namespace {

namespace json = boost::json;

/// Of a key set; an issuer has a handful.
constexpr std::size_t keys_max = 100;
/// That each thread keeps: some 700 bytes each.
constexpr std::size_t imported_keys_max = 1000;
constexpr std::size_t modulus_bits_min = 2048;
constexpr std::size_t modulus_bytes_max = 1024;
constexpr std::size_t exponent_bytes_max = 4;

constexpr std::array<std::string_view, 7> private_members{"d", "p", "q", "dp", "dq", "qi", "k"};

/// How an algorithm signs; the two families of RSA go with the same keys.
struct Algorithm {
  std::string_view name;
  std::string_view curve;  // empty: RSA
};
constexpr std::array<Algorithm, 9> algorithms{{{"ES256", "P-256"},
                                               {"ES384", "P-384"},
                                               {"ES512", "P-521"},
                                               {"PS256", ""},
                                               {"PS384", ""},
                                               {"PS512", ""},
                                               {"RS256", ""},
                                               {"RS384", ""},
                                               {"RS512", ""}}};

struct Curve {
  std::string_view name;
  std::size_t coordinate_bytes;
};
constexpr std::array<Curve, 3> curves{{{"P-256", 32}, {"P-384", 48}, {"P-521", 66}}};

const Algorithm* algorithm_named(std::string_view name) {
  const auto* const found = std::find_if(algorithms.begin(), algorithms.end(),
                                         [name](const Algorithm& a) { return a.name == name; });
  return found == algorithms.end() ? nullptr : found;
}

/// The bytes of a curve's coordinate, or of half a signature; 0 when there is no such curve.
std::size_t coordinate_bytes_of(std::string_view curve) {
  for (const Curve& known : curves) {
    if (known.name == curve) return known.coordinate_bytes;
  }
  return 0;
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

/// The bits of an unsigned number (RFC 7518, 2): no zero in front, so each has one form. 0 when it
/// is none, or longer.
std::size_t bits_of(std::string_view text, std::size_t bytes_max) {
  const auto bytes = storage::from_base64url(text);
  if (!bytes || bytes->empty() || bytes->size() > bytes_max || bytes->front() == 0) return 0;
  const auto first = static_cast<std::uint8_t>(bytes->front());
  return bytes->size() * 8 - static_cast<std::size_t>(std::countl_zero(first));
}

std::string thumbprint_of(const std::string& canonical) {
  return storage::to_base64url(storage::sha256(canonical));
}

struct JwsRelease {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};

}  // namespace

/// The key as cjose has it. Only read after it was made, so threads may share it.
struct PublicJwk::Impl {
  explicit Impl(const std::string& canonical)
      : key(cjose_jwk_import(canonical.data(), canonical.size(), nullptr)) {}
  ~Impl() {
    if (key != nullptr) cjose_jwk_release(key);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// A client proves each request with the same key, and to import a point costs a quarter of a
  /// verification. So each thread keeps what it imported lately.
  static std::shared_ptr<const Impl> import(const std::string& canonical) {
    thread_local std::unordered_map<std::string, std::shared_ptr<const Impl>> lately;
    const auto known = lately.find(canonical);
    if (known != lately.end()) return known->second;
    auto imported = std::make_shared<const Impl>(canonical);
    if (lately.size() >= imported_keys_max) lately.clear();
    if (imported->key != nullptr) lately.emplace(canonical, imported);
    return imported;
  }

  cjose_jwk_t* const key;
};

bool is_signature_algorithm(std::string_view name) { return algorithm_named(name) != nullptr; }

std::optional<PublicJwk> PublicJwk::from_json(const json::object& json) {
  for (const std::string_view name : private_members) {
    if (json.contains(name)) return std::nullopt;
  }
  PublicJwk key;
  const std::string_view type = text_of(json, "kty");
  const bool is_read = type == "RSA"  ? key.read_rsa(json)
                       : type == "EC" ? key.read_curve_point(json)
                                      : false;
  if (!is_read || key.impl_->key == nullptr) return std::nullopt;
  key.key_id_ = text_of(json, "kid");
  key.algorithm_ = text_of(json, "alg");
  if (json.contains("alg") && key.algorithm_.empty()) return std::nullopt;
  key.is_for_signatures_ = !json.contains("use") || text_of(json, "use") == "sig";
  return key;
}

/// The text that the thumbprint is of (RFC 7638, 3.2) is also what cjose gets to see.
bool PublicJwk::read_rsa(const json::object& json) {
  const std::string_view exponent = text_of(json, "e");
  const std::string_view modulus = text_of(json, "n");
  if (bits_of(modulus, modulus_bytes_max) < modulus_bits_min) return false;
  if (bits_of(exponent, exponent_bytes_max) == 0) return false;
  // An even exponent is none, and 1 lets everything be signed.
  const auto bytes = *storage::from_base64url(exponent);
  if (bytes.back() % 2 == 0 || (bytes.size() == 1 && bytes.back() == 1)) return false;
  const std::string canonical = std::string(R"({"e":")").append(exponent) +
                                R"(","kty":"RSA","n":")" + std::string(modulus) + R"("})";
  thumbprint_ = thumbprint_of(canonical);
  impl_ = Impl::import(canonical);
  return true;
}

bool PublicJwk::read_curve_point(const json::object& json) {
  curve_ = text_of(json, "crv");
  const std::size_t size = coordinate_bytes_of(curve_);
  const std::string x(text_of(json, "x"));
  const std::string y(text_of(json, "y"));
  for (const std::string& coordinate : {x, y}) {
    const auto bytes = storage::from_base64url(coordinate);
    if (size == 0 || !bytes || bytes->size() != size) return false;
  }
  std::string canonical = R"({"crv":")";
  canonical += curve_ + R"(","kty":"EC","x":")" + x + R"(","y":")" + y + R"("})";
  thumbprint_ = thumbprint_of(canonical);
  impl_ = Impl::import(canonical);
  return true;
}

bool PublicJwk::fits(std::string_view algorithm) const {
  const Algorithm* const known = algorithm_named(algorithm);
  return known != nullptr && known->curve == curve_ &&
         (algorithm_.empty() || algorithm_ == algorithm);
}

bool PublicJwk::has_signed(std::string_view compact, std::string_view algorithm) const {
  const std::size_t coordinate_bytes = coordinate_bytes_of(curve_);
  const auto signature = storage::from_base64url(compact.substr(compact.rfind('.') + 1));
  // A pair of numbers of fixed length, and not DER.
  if (!signature || (coordinate_bytes != 0 && signature->size() != 2 * coordinate_bytes)) {
    return false;
  }
  const std::unique_ptr<cjose_jws_t, JwsRelease> jws(
      cjose_jws_import(compact.data(), compact.size(), nullptr));
  if (!jws) return false;
  // Two readers of JSON have to have read the same.
  const char* const named = cjose_header_get(cjose_jws_get_protected(jws.get()), "alg", nullptr);
  return named != nullptr && named == algorithm && cjose_jws_verify(jws.get(), impl_->key, nullptr);
}

std::optional<KeySet> KeySet::from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value root = json::parse({text.data(), text.size()}, error);
  if (error || !root.is_object()) return std::nullopt;
  const json::value* const keys = root.get_object().if_contains("keys");
  if (keys == nullptr || !keys->is_array() || keys->get_array().size() > keys_max) {
    return std::nullopt;
  }
  KeySet set;
  for (const json::value& one : keys->get_array()) {
    if (!one.is_object()) continue;
    auto key = PublicJwk::from_json(one.get_object());
    if (key && !key->key_id().empty() && key->is_for_signatures()) {
      set.keys_.push_back(std::move(*key));
    }
  }
  return set;
}

const PublicJwk* KeySet::find(std::string_view key_id) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [key_id](const PublicJwk& key) {
    return key.key_id() == key_id;
  });
  return found == keys_.end() ? nullptr : &*found;
}

}  // namespace api
