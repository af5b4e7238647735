#include "api/identity/proof_maker.h"

#include <cjose/cjose.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <stdexcept>
#include <vector>

#include "storage/crypto/base64url.h"
#include "storage/crypto/crypto.h"
#include "storage/files/files.h"

namespace api {
namespace {

constexpr std::size_t coordinate_bytes = 32;

std::vector<std::uint8_t> number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  std::vector<std::uint8_t> bytes(coordinate_bytes);
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return {};
  const int written = BN_bn2binpad(number, bytes.data(), coordinate_bytes);
  BN_clear_free(number);
  return written == coordinate_bytes ? bytes : std::vector<std::uint8_t>();
}

cjose_jwk_t* key_from_pem(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (!key || EVP_PKEY_is_a(key.get(), "EC") != 1 || EVP_PKEY_get_bits(key.get()) != 256) {
    return nullptr;
  }
  auto d = number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY);
  auto x = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X);
  auto y = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
  if (d.empty() || x.empty() || y.empty()) return nullptr;
  cjose_jwk_ec_keyspec spec{CJOSE_JWK_EC_P_256, d.data(), d.size(), x.data(),
                            x.size(),           y.data(), y.size()};
  return cjose_jwk_create_EC_spec(&spec, nullptr);
}

std::string random_id() {
  std::array<std::uint8_t, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("no random bytes");
  }
  return storage::to_base64url(bytes);
}

}  // namespace

struct ProofMaker::Impl {
  explicit Impl(cjose_jwk_t* made) : key(made) {}
  ~Impl() { cjose_jwk_release(key); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  cjose_jwk_t* const key;
};

ProofMaker::ProofMaker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProofMaker::ProofMaker(ProofMaker&&) noexcept = default;
ProofMaker::~ProofMaker() = default;

ProofMaker ProofMaker::from_file(const std::string& path) {
  const std::string text = storage::read_file(path);
  const bool is_json = text.find('{') < text.find('-');
  cjose_jwk_t* const key =
      is_json ? cjose_jwk_import(text.data(), text.size(), nullptr) : key_from_pem(text);
  const bool is_fit = key != nullptr && cjose_jwk_get_kty(key, nullptr) == CJOSE_JWK_KTY_EC &&
                      cjose_jwk_EC_get_curve(key, nullptr) == CJOSE_JWK_EC_P_256;
  if (!is_fit) {
    if (key != nullptr) cjose_jwk_release(key);
    throw std::runtime_error(path + " is no private key on P-256, as PEM or JWK");
  }
  return ProofMaker(std::make_unique<Impl>(key));
}

std::string ProofMaker::make(std::string_view method, std::string_view url, std::string_view token,
                             std::int64_t now_s) const {
  const std::unique_ptr<char, decltype(&std::free)> public_half(
      cjose_jwk_to_json(impl_->key, false, nullptr), std::free);
  const std::unique_ptr<cjose_header_t, decltype(&cjose_header_release)> header(
      cjose_header_new(nullptr), cjose_header_release);
  const boost::json::value claims{{"jti", random_id()},
                                  {"htm", method},
                                  {"htu", url},
                                  {"iat", now_s},
                                  {"ath", storage::to_base64url(storage::sha256(token))}};
  const std::string payload = boost::json::serialize(claims);
  const bool is_headed = public_half && header &&
                         cjose_header_set(header.get(), "alg", "ES256", nullptr) &&
                         cjose_header_set(header.get(), "typ", "dpop+jwt", nullptr) &&
                         cjose_header_set_raw(header.get(), "jwk", public_half.get(), nullptr);
  const std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)> jws(
      is_headed ? cjose_jws_sign(impl_->key, header.get(),
                                 reinterpret_cast<const std::uint8_t*>(payload.data()),
                                 payload.size(), nullptr)
                : nullptr,
      cjose_jws_release);
  const char* compact = nullptr;
  if (!jws || !cjose_jws_export(jws.get(), &compact, nullptr)) {
    throw std::runtime_error("the proof cannot be signed");
  }
  return compact;
}

}  // namespace api
