#include "storage/crypto/crypto.h"

#include <gtest/gtest.h>

namespace storage::test {
namespace {

using ledger::NationalId;
using ledger::NumberSeries;

template <std::size_t Size>
std::array<std::uint8_t, Size> bytes_of(std::string_view hex) {
  std::array<std::uint8_t, Size> bytes{};
  for (std::size_t i = 0; i < Size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i * 2, 2)), nullptr, 16));
  }
  return bytes;
}

NationalId synthetic(std::string_view digits) {
  return *NationalId::parse(digits, NumberSeries::production_and_tests);
}

// The key of test 1 of RFC 8032, section 7.1, in PEM.
constexpr const char* rfc8032_pem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

TEST(Sha256, gives_the_published_values) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, takes_its_parts_as_one_text) {
  EXPECT_EQ(sha256("a", "b", "c"), sha256("abc"));
  EXPECT_EQ(sha256("", "abc"), sha256("abc"));
}

TEST(Sha256, takes_what_comes_piece_by_piece) {
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  EXPECT_EQ(hash.finish(), sha256("abc"));
  EXPECT_EQ(Sha256().finish(), sha256(""));
}

TEST(PublicKey, is_read_in_both_forms) {
  const SigningKey key = SigningKey::from_pem(rfc8032_pem);
  EXPECT_EQ(parse_public_key(to_hex(key.public_key())), key.public_key());
  EXPECT_EQ(parse_public_key(to_hex(key.public_key()) + "\n"), key.public_key());
  // Made by `openssl pkey -pubout` of the same key.
  EXPECT_EQ(parse_public_key("-----BEGIN PUBLIC KEY-----\n"
                             "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                             "-----END PUBLIC KEY-----\n"),
            key.public_key());
  EXPECT_EQ(key_id_of(key.public_key()), key.key_id());
}

TEST(PublicKey, is_not_read_from_anything_else) {
  const std::string hex = to_hex(SigningKey::from_pem(rfc8032_pem).public_key());
  for (const std::string& text : {std::string(), hex.substr(1), hex + "00", "g" + hex.substr(1),
                                  std::string(rfc8032_pem), std::string("\0\0", 2)}) {
    EXPECT_THROW(parse_public_key(text), std::runtime_error) << text;
  }
}

TEST(SigningKey, has_the_public_key_of_rfc_8032) {
  const SigningKey key = SigningKey::from_pem(rfc8032_pem);
  EXPECT_EQ(to_hex(key.public_key()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(key.key_id(), "21fe31dfa154a261");
}

TEST(SigningKey, signs_as_the_reference_code_of_rfc_8032_does) {
  // Worked out with the Python code of RFC 8032, section 6.
  const SigningKey key = SigningKey::from_pem(rfc8032_pem);
  EXPECT_EQ(to_hex(key.sign(sha256("abc"))),
            "096f5569d807ee8ac7b1913da70cf0aab335c258f4b94c8f210dd141e9743927"
            "c8d1a6b378872a72c9446c1f75e6dc7b2def98bd0c214be6706d48791f57680a");
}

TEST(SigningKey, accepts_no_changed_signature_digest_or_key) {
  const SigningKey key = SigningKey::generate();
  const Digest digest = sha256("a root");
  const auto signature = key.sign(digest);
  ASSERT_TRUE(is_signed_by(key.public_key(), digest, signature));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    auto changed = signature;
    changed[i] ^= 1;
    EXPECT_FALSE(is_signed_by(key.public_key(), digest, changed)) << "byte " << i;
  }
  EXPECT_FALSE(is_signed_by(key.public_key(), sha256("another root"), signature));
  EXPECT_FALSE(is_signed_by(SigningKey::generate().public_key(), digest, signature));
}

TEST(SigningKey, survives_its_pem) {
  const SigningKey key = SigningKey::generate();
  const SigningKey read = SigningKey::from_pem(key.to_pem());
  EXPECT_EQ(read.public_key(), key.public_key());
  EXPECT_EQ(read.sign(sha256("x")), key.sign(sha256("x")));
}

TEST(SigningKey, refuses_what_is_no_key) {
  EXPECT_THROW(SigningKey::from_pem(""), std::runtime_error);
  EXPECT_THROW(SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n"), std::runtime_error);
  // Of X25519: as long as a signing key, but made to exchange keys.
  EXPECT_THROW(
      SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\n"
                           "MC4CAQAwBQYDK2VuBCIEIJjvtz7t6HZk6rsXQMq+8av22mrMsUs4BURS9bfqLAlX\n"
                           "-----END PRIVATE KEY-----\n"),
      std::runtime_error);
}

TEST(KeyWrap, gives_the_published_value_of_rfc_3394) {
  const auto wrapping =
      bytes_of<32>("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const auto data =
      bytes_of<32>("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
  const std::string wrapped = wrap_key(wrapping, data);
  EXPECT_EQ(to_hex(wrapped),
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
  EXPECT_EQ(unwrap_key(wrapping, wrapped), data);
}

TEST(KeyWrap, opens_only_with_the_key_that_wrapped) {
  const DataKey wrapping = random_data_key();
  std::string wrapped = wrap_key(wrapping, random_data_key());
  EXPECT_THROW(unwrap_key(random_data_key(), wrapped), std::runtime_error);
  EXPECT_THROW(unwrap_key(wrapping, wrapped.substr(1)), std::runtime_error);
  EXPECT_THROW(unwrap_key(wrapping, ""), std::runtime_error);
  wrapped[7] = static_cast<char>(wrapped[7] ^ 1);
  EXPECT_THROW(unwrap_key(wrapping, wrapped), std::runtime_error);
}

TEST(NumberCipher, gives_the_same_for_ever) {
  // AES-256 in ECB of `friknum1` and the number as 8 bytes, worked out with the openssl program.
  const NumberCipher cipher(
      bytes_of<32>("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
  EXPECT_EQ(to_hex(cipher.encrypt(synthetic("22898595734")).bytes),
            "7396dfbc5bd4cbda11ea93580a8e4fa1");
}

TEST(NumberCipher, depends_on_number_and_key_only) {
  const DataKey key = random_data_key();
  const NumberCipher one(key);
  const NumberCipher same(key);
  const NumberCipher other(random_data_key());
  const NationalId number = synthetic("22898595734");
  // In turns: the cipher's context is kept from call to call.
  EXPECT_EQ(one.encrypt(number), same.encrypt(number));
  EXPECT_NE(one.encrypt(number), other.encrypt(number));
  EXPECT_EQ(one.encrypt(number), same.encrypt(number));
  EXPECT_NE(one.encrypt(number), one.encrypt(synthetic("17839597738")));
}

}  // namespace
}  // namespace storage::test
