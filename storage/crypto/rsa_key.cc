#include "storage/crypto/rsa_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstring>
#include <stdexcept>
#include <utility>

#include "storage/crypto/openssl_internal.h"

namespace storage {
namespace {

constexpr int key_bits = 2048;
constexpr std::size_t vector_bytes = 12;
constexpr std::size_t tag_bytes = 16;

using PkeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using CipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Deleter<BN_free>>;

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* read = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &read) != 1) {
    throw std::runtime_error("an RSA key has no public number");
  }
  const NumberPtr number(read);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), bytes_of(bytes));
  return bytes;
}

bool set_padding(EVP_PKEY_CTX* context) {
  return EVP_PKEY_decrypt_init(context) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
}

}  // namespace

struct RsaKey::Impl {
  PkeyPtr key;
};

RsaKey::RsaKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RsaKey::RsaKey(RsaKey&&) noexcept = default;
RsaKey& RsaKey::operator=(RsaKey&&) noexcept = default;
RsaKey::~RsaKey() = default;

RsaKey RsaKey::generate() {
  PkeyPtr key(EVP_RSA_gen(key_bits));
  if (!key) throw std::runtime_error("cannot make an RSA key");
  return RsaKey(std::make_unique<Impl>(Impl{std::move(key)}));
}

RsaKey RsaKey::from_pem(const std::string& pem) {
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  PkeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA ||
      EVP_PKEY_get_bits(key.get()) < key_bits) {
    ERR_clear_error();
    throw std::runtime_error("not an RSA private key of 2048 bits or more");
  }
  return RsaKey(std::make_unique<Impl>(Impl{std::move(key)}));
}

std::string RsaKey::to_pem() const {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(out.get(), impl_->key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1) {
    throw std::runtime_error("cannot write an RSA key");
  }
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string RsaKey::modulus() const { return number_of(impl_->key.get(), OSSL_PKEY_PARAM_RSA_N); }
std::string RsaKey::exponent() const { return number_of(impl_->key.get(), OSSL_PKEY_PARAM_RSA_E); }

DataKey RsaKey::unwrap(std::string_view wrapped) const {
  // Drawn whatever follows, so that both ways take the same steps.
  DataKey key = random_data_key();
  const KeyContext context(EVP_PKEY_CTX_new(impl_->key.get(), nullptr));
  std::string opened(static_cast<std::size_t>(EVP_PKEY_get_size(impl_->key.get())), '\0');
  std::size_t size = opened.size();
  const bool is_open = context && set_padding(context.get()) &&
                       EVP_PKEY_decrypt(context.get(), bytes_of(opened), &size, bytes_of(wrapped),
                                        wrapped.size()) == 1 &&
                       size == key.size();
  std::array<const void*, 2> sources{key.data(), opened.data()};
  std::memmove(key.data(), sources[is_open ? 1 : 0], key.size());
  OPENSSL_cleanse(opened.data(), opened.size());
  ERR_clear_error();
  return key;
}

std::optional<std::string> open_sealed(const DataKey& key, std::string_view initial_vector,
                                       std::string_view additional_data,
                                       std::string_view ciphertext, std::string_view tag) {
  if (initial_vector.size() != vector_bytes || tag.size() != tag_bytes) return std::nullopt;
  const CipherCtxPtr context(EVP_CIPHER_CTX_new());
  std::string plain(ciphertext.size(), '\0');
  std::string expected(tag);
  int size = 0;
  const bool is_open =
      context &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(),
                         bytes_of(initial_vector)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(additional_data),
                        static_cast<int>(additional_data.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), bytes_of(plain), &size, bytes_of(ciphertext),
                        static_cast<int>(ciphertext.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, expected.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), nullptr, &size) == 1;
  ERR_clear_error();
  if (!is_open) return std::nullopt;
  return plain;
}

}  // namespace storage
