#include "tests/api/identity/jose_maker.h"

#include <cjose/cjose.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <stdexcept>

#include "storage/crypto/base64url.h"

namespace api::test {
namespace {

namespace json = boost::json;

std::string part_of(const json::object& object) {
  const std::string text = json::serialize(object);
  return storage::to_base64url({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace

struct TestKey::Impl {
  explicit Impl(cjose_jwk_t* made) : key(made) {
    if (key == nullptr) throw std::runtime_error("no key");
  }
  ~Impl() { cjose_jwk_release(key); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  cjose_jwk_t* const key;
};

TestKey TestKey::on_curve(std::string_view curve) {
  const auto id = curve == "P-256"   ? CJOSE_JWK_EC_P_256
                  : curve == "P-384" ? CJOSE_JWK_EC_P_384
                                     : CJOSE_JWK_EC_P_521;
  return TestKey(std::make_shared<Impl>(cjose_jwk_create_EC_random(id, nullptr)));
}

TestKey TestKey::rsa(std::size_t bits) {
  const std::uint8_t exponent[] = {1, 0, 1};
  return TestKey(std::make_shared<Impl>(
      cjose_jwk_create_RSA_random(bits, exponent, sizeof exponent, nullptr)));
}

json::object TestKey::jwk(bool is_private) const {
  char* const text = cjose_jwk_to_json(impl_->key, is_private, nullptr);
  json::object jwk = json::parse(text).as_object();
  std::free(text);
  return jwk;
}

json::object TestKey::public_jwk(std::string_view key_id) const {
  json::object jwk = this->jwk(false);
  if (!key_id.empty()) jwk["kid"] = key_id;
  return jwk;
}

json::object TestKey::private_jwk() const { return jwk(true); }

std::string TestKey::sign(const json::object& header, const json::object& payload) const {
  cjose_header_t* const head = cjose_header_new(nullptr);
  for (const auto& [name, value] : header) {
    const std::string key(name.data(), name.size());
    cjose_err error{};
    const bool is_set =
        value.is_string()
            ? cjose_header_set(head, key.c_str(), value.get_string().c_str(), &error)
            : cjose_header_set_raw(head, key.c_str(), json::serialize(value).c_str(), &error);
    if (!is_set) throw std::invalid_argument(key + ": " + error.message);
  }
  const std::string text = json::serialize(payload);
  cjose_err error{};
  cjose_jws_t* const jws = cjose_jws_sign(
      impl_->key, head, reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), &error);
  const char* compact = nullptr;
  if (jws == nullptr || !cjose_jws_export(jws, &compact, nullptr)) {
    throw std::runtime_error(std::string("cannot sign: ") + error.message);
  }
  std::string made = compact;
  cjose_jws_release(jws);
  cjose_header_release(head);
  return made;
}

std::string unsigned_jws(const json::object& header, const json::object& payload,
                         std::string_view signature) {
  return part_of(header) + '.' + part_of(payload) + '.' + std::string(signature);
}

std::string key_set_text(std::initializer_list<json::object> keys) {
  json::array list;
  for (const json::object& key : keys) list.emplace_back(key);
  return json::serialize(json::object{{"keys", list}});
}

}  // namespace api::test
