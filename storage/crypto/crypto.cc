// SHA256_Init() and its like: see sha256().
#define OPENSSL_SUPPRESS_DEPRECATED

#include "storage/crypto/crypto.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "ledger/values/assert.h"
#include "storage/crypto/openssl_internal.h"

namespace storage {
namespace {

using PkeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using CipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

/// The first 8 bytes of every encrypted block, so that decryption with a wrong key is noticed.
constexpr char number_prefix[8] = {'f', 'r', 'i', 'k', 'n', 'u', 'm', '1'};

/// A block to encrypt: what kind of thing it is, and a big-endian number.
std::array<std::uint8_t, 16> block_of(const char (&prefix)[8], std::uint64_t value) {
  std::array<std::uint8_t, 16> block{};
  std::memcpy(block.data(), prefix, sizeof prefix);
  for (std::size_t i = 16; i-- > 8; value >>= 8) block[i] = static_cast<std::uint8_t>(value & 255);
  return block;
}

std::string_view text_of(const std::array<std::uint8_t, 32>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Digest sha256(std::string_view first, std::string_view second, std::string_view third) {
  // Every entry is hashed, and is short. EVP takes half as long again for it, even with a context
  // that is kept.
  SHA256_CTX context;
  Digest digest{};
  bool is_done = SHA256_Init(&context) == 1;
  for (const std::string_view part : {first, second, third}) {
    is_done = is_done && SHA256_Update(&context, part.data(), part.size()) == 1;
  }
  is_done = is_done && SHA256_Final(digest.data(), &context) == 1;
  LEDGER_ASSERT(is_done);
  return digest;
}

struct Sha256::Impl {
  MdCtxPtr context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  const int is_done = EVP_DigestInit_ex2(impl_->context.get(), EVP_sha256(), nullptr);
  LEDGER_ASSERT(is_done == 1);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  const int is_done = EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size());
  LEDGER_ASSERT(is_done == 1);
}

Digest Sha256::finish() {
  Digest digest{};
  unsigned size = 0;
  const int is_done = EVP_DigestFinal_ex(impl_->context.get(), digest.data(), &size);
  LEDGER_ASSERT(is_done == 1 && size == digest.size());
  return digest;
}

Digest sha256_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  Sha256 digest;
  std::vector<char> piece(1U << 20);
  do {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    digest.update({piece.data(), static_cast<std::size_t>(file.gcount())});
  } while (file);
  if (file.bad()) throw std::runtime_error("cannot read " + path.string());
  return digest.finish();
}

std::string key_id_of(const PublicKey& key) {
  const Digest digest =
      sha256(std::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
  return to_hex(digest).substr(0, 16);
}

PublicKey parse_public_key(const std::string& text) {
  PublicKey key{};
  const auto bytes = from_hex(std::string_view(text).substr(0, text.find_first_of("\r\n")));
  if (bytes && bytes->size() == key.size()) {
    std::memcpy(key.data(), bytes->data(), key.size());
    return key;
  }
  const BioPtr bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  const PkeyPtr read{PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr)};
  std::size_t size = key.size();
  if (!read || EVP_PKEY_is_a(read.get(), "ED25519") != 1 ||
      EVP_PKEY_get_raw_public_key(read.get(), key.data(), &size) != 1 || size != key.size()) {
    throw std::runtime_error(
        "this is no Ed25519 public key, neither 64 hexadecimal digits nor PEM");
  }
  return key;
}

/// Signing is libsodium's: it takes half of OpenSSL's time, and every commit group waits for it.
struct SigningKey::Impl {
  Impl() = default;
  ~Impl() { sodium_memzero(secret.data(), secret.size()); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Signature sign(const unsigned char* bytes, std::size_t size) const;

  PkeyPtr key;
  std::array<unsigned char, crypto_sign_ed25519_SECRETKEYBYTES> secret{};  // private, then public
};

SigningKey::SigningKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be used on this machine");
  std::size_t seed_size = crypto_sign_ed25519_SEEDBYTES;
  std::size_t size = public_key_.size();
  if (!impl_->key || EVP_PKEY_is_a(impl_->key.get(), "ED25519") != 1 ||
      EVP_PKEY_get_raw_private_key(impl_->key.get(), impl_->secret.data(), &seed_size) != 1 ||
      EVP_PKEY_get_raw_public_key(impl_->key.get(), public_key_.data(), &size) != 1 ||
      seed_size != crypto_sign_ed25519_SEEDBYTES || size != public_key_.size()) {
    throw std::runtime_error("the signing key is not an Ed25519 private key in PEM");
  }
  std::copy(public_key_.begin(), public_key_.end(),
            impl_->secret.begin() + crypto_sign_ed25519_SEEDBYTES);
  key_id_ = key_id_of(public_key_);
}

SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

SigningKey SigningKey::generate() {
  auto impl = std::make_unique<Impl>();
  impl->key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return SigningKey(std::move(impl));
}

SigningKey SigningKey::from_pem(const std::string& pem) {
  const BioPtr bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  auto impl = std::make_unique<Impl>();
  impl->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  return SigningKey(std::move(impl));
}

std::string SigningKey::to_pem() const {
  const BioPtr bio{BIO_new(BIO_s_mem())};
  const int is_done = PEM_write_bio_PKCS8PrivateKey(bio.get(), impl_->key.get(), nullptr, nullptr,
                                                    0, nullptr, nullptr);
  LEDGER_ASSERT(is_done == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Signature SigningKey::Impl::sign(const unsigned char* bytes, std::size_t size) const {
  Signature signature{};
  static_assert(signature.size() == crypto_sign_ed25519_BYTES);
  const int failed =
      crypto_sign_ed25519_detached(signature.data(), nullptr, bytes, size, secret.data());
  LEDGER_ASSERT(failed == 0);
  return signature;
}

Signature SigningKey::sign(const Digest& digest) const {
  return impl_->sign(digest.data(), digest.size());
}

Signature SigningKey::sign(std::string_view text) const {
  LEDGER_ASSERT(text.size() != sizeof(Digest));
  return impl_->sign(bytes_of(text), text.size());
}

std::string key_change_text(const PublicKey& next) {
  return "frikort signing key " + std::string(text_of(next));
}

bool is_signed_by(const PublicKey& public_key, const Digest& digest, const Signature& signature) {
  return is_signed_by(public_key, text_of(digest), signature);
}

bool is_signed_by(const PublicKey& public_key, std::string_view text, const Signature& signature) {
  const PkeyPtr key{
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key.data(), public_key.size())};
  const MdCtxPtr context{EVP_MD_CTX_new()};
  return key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

DataKey random_data_key() {
  DataKey key{};
  const int is_done = RAND_priv_bytes(key.data(), static_cast<int>(key.size()));
  if (is_done != 1) throw std::runtime_error("the system gives no random bytes");
  return key;
}

std::string wrap_key(const DataKey& wrapping_key, const DataKey& data_key) {
  const CipherCtxPtr context{EVP_CIPHER_CTX_new()};
  std::array<unsigned char, 48> wrapped{};
  int size = 0;
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  const bool is_done = EVP_EncryptInit_ex(context.get(), EVP_aes_256_wrap(), nullptr,
                                          wrapping_key.data(), nullptr) == 1 &&
                       EVP_EncryptUpdate(context.get(), wrapped.data(), &size, data_key.data(),
                                         static_cast<int>(data_key.size())) == 1;
  LEDGER_ASSERT(is_done && size == 40);
  return {reinterpret_cast<const char*>(wrapped.data()), 40};
}

DataKey unwrap_key(const DataKey& wrapping_key, std::string_view wrapped) {
  const CipherCtxPtr context{EVP_CIPHER_CTX_new()};
  std::array<unsigned char, 48> unwrapped{};
  int size = 0;
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  const bool is_done = wrapped.size() == 40 &&
                       EVP_DecryptInit_ex(context.get(), EVP_aes_256_wrap(), nullptr,
                                          wrapping_key.data(), nullptr) == 1 &&
                       EVP_DecryptUpdate(context.get(), unwrapped.data(), &size, bytes_of(wrapped),
                                         static_cast<int>(wrapped.size())) == 1 &&
                       size == 32;
  if (!is_done) throw std::runtime_error("the master key does not open the number key");
  DataKey key{};
  std::memcpy(key.data(), unwrapped.data(), key.size());
  return key;
}

NumberCipher::Block NumberCipher::encrypt_block(const Block& block) const {
  // One context for each thread, keyed again only when another cipher was used in between.
  struct Keyed {
    CipherCtxPtr context{EVP_CIPHER_CTX_new()};
    DataKey key{};
    bool is_set = false;
  };
  thread_local Keyed keyed;
  if (!keyed.is_set || keyed.key != key_) {
    const int is_done =
        EVP_EncryptInit_ex(keyed.context.get(), EVP_aes_256_ecb(), nullptr, key_.data(), nullptr);
    LEDGER_ASSERT(is_done == 1);
    EVP_CIPHER_CTX_set_padding(keyed.context.get(), 0);
    keyed.key = key_;
    keyed.is_set = true;
  }
  Block encrypted{};
  int size = 0;
  const int is_done = EVP_EncryptUpdate(keyed.context.get(), encrypted.data(), &size, block.data(),
                                        static_cast<int>(block.size()));
  LEDGER_ASSERT(is_done == 1 && size == 16);
  return encrypted;
}

ledger::EncryptedNumber NumberCipher::encrypt(ledger::NationalId number) const {
  return {encrypt_block(block_of(number_prefix, number.value()))};
}

std::string NumberCipher::decrypt(const ledger::EncryptedNumber& number) const {
  const CipherCtxPtr context{EVP_CIPHER_CTX_new()};
  Block block{};
  int size = 0;
  const bool is_done =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_ecb(), nullptr, key_.data(), nullptr) == 1 &&
      EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
      EVP_DecryptUpdate(context.get(), block.data(), &size, number.bytes.data(),
                        static_cast<int>(number.bytes.size())) == 1;
  if (!is_done || std::memcmp(block.data(), number_prefix, sizeof number_prefix) != 0) {
    throw std::runtime_error("the number key does not open the number of a person");
  }
  std::uint64_t value = 0;
  for (std::size_t i = 8; i < block.size(); ++i) value = value << 8 | block[i];
  std::string digits(ledger::NationalId::digits, '0');
  for (std::size_t i = digits.size(); i-- > 0; value /= 10) {
    digits[i] = static_cast<char>('0' + value % 10);
  }
  return digits;
}

}  // namespace storage
