#include "api/identity/issuer_keys.h"

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <stdexcept>
#include <thread>

#include "tests/api/identity/jose_maker.h"

namespace api::test {
namespace {

constexpr std::string_view metadata_url = "https://issuer.test/.well-known/openid-configuration";
constexpr std::string_view key_url = "https://issuer.test/keys";

/// What stands at each address, and how often it was asked for.
struct Web {
  std::map<std::string, std::string, std::less<>> texts;
  std::atomic<int> asked{0};

  Fetch fetch() {
    return [this](const std::string& url, const std::string&) {
      ++asked;
      const auto found = texts.find(url);
      if (found == texts.end()) throw std::runtime_error("not there");
      return Fetched{found->second, std::nullopt};
    };
  }
};

Issuer an_issuer() {
  Issuer issuer = *issuer_of_kind("helseid");
  issuer.name = "https://issuer.test";
  issuer.keys.metadata_url = metadata_url;
  return issuer;
}

void publish(Web& web, std::string_view key_id) {
  static const TestKey key = TestKey::rsa(2048);
  web.texts[std::string(metadata_url)] =
      R"({"issuer":"https://issuer.test","jwks_uri":"https://issuer.test/keys"})";
  web.texts[std::string(key_url)] = key_set_text({key.public_jwk(key_id)});
}

TEST(IssuerKeys, come_from_where_the_metadata_say) {
  Web web;
  publish(web, "1");
  EXPECT_NE(fetch_keys(an_issuer(), web.fetch()).keys.find("1"), nullptr);
}

TEST(IssuerKeys, are_not_taken_from_metadata_of_another_issuer) {
  Web web;
  publish(web, "1");
  for (const char* const metadata :
       {R"({"issuer":"https://issuer.test/","jwks_uri":"https://issuer.test/keys"})",
        R"({"jwks_uri":"https://issuer.test/keys"})", R"({"issuer":"https://issuer.test"})", "[]",
        "{"}) {
    web.texts[std::string(metadata_url)] = metadata;
    EXPECT_THROW(fetch_keys(an_issuer(), web.fetch()), std::runtime_error) << metadata;
  }
}

TEST(IssuerKeys, are_renewed_once_however_many_ask) {
  Web web;
  publish(web, "1");
  IssuerKeys keys(web.fetch());
  keys.set_issuers({an_issuer()});
  while (keys.is_renewing("https://issuer.test")) std::this_thread::yield();
  ASSERT_EQ(keys.ring()->count("https://issuer.test"), 1U);
  EXPECT_EQ(web.asked, 2);
  for (int i = 0; i < 40; ++i) EXPECT_FALSE(keys.renew("https://issuer.test"));
  EXPECT_FALSE(keys.renew("https://other.test"));
  EXPECT_EQ(web.asked, 2);
}

TEST(IssuerKeys, come_from_where_the_newest_settings_say) {
  Web web;
  publish(web, "new");
  std::promise<void> begun;
  std::promise<void> released;
  const Fetch fetch = [&, get = web.fetch()](const std::string& url, const std::string& ca_file) {
    if (url != "https://old.test/keys") return get(url, ca_file);
    begun.set_value();
    released.get_future().wait();
    return Fetched{key_set_text({TestKey::rsa(2048).public_jwk("old")}), std::nullopt};
  };
  web.texts["https://old.test/metadata"] =
      R"({"issuer":"https://issuer.test","jwks_uri":"https://old.test/keys"})";
  Issuer before = an_issuer();
  before.keys.metadata_url = "https://old.test/metadata";
  IssuerKeys keys(fetch);
  keys.set_issuers({before});
  begun.get_future().wait();
  keys.set_issuers({an_issuer()});
  released.set_value();
  while (keys.is_renewing("https://issuer.test")) std::this_thread::yield();
  EXPECT_EQ(keys.ring()->at("https://issuer.test")->find("old"), nullptr);
  EXPECT_NE(keys.ring()->at("https://issuer.test")->find("new"), nullptr);
}

TEST(IssuerKeys, of_one_issuer_do_not_wait_for_those_of_another) {
  Web web;
  publish(web, "1");
  std::promise<void> released;
  const auto hangs = released.get_future().share();
  const Fetch fetch = [&, get = web.fetch()](const std::string& url, const std::string& ca_file) {
    if (url.starts_with("https://a-slow")) hangs.wait();
    return get(url, ca_file);
  };
  Issuer slow = an_issuer();
  slow.name = "https://a-slow-issuer.test";
  slow.keys.metadata_url = slow.name;
  IssuerKeys keys(fetch);
  keys.set_issuers({slow, an_issuer()});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (keys.is_renewing("https://issuer.test") && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(keys.ring()->count("https://issuer.test"), 1U);
  EXPECT_TRUE(keys.is_renewing(slow.name));
  released.set_value();
  while (keys.is_renewing(slow.name)) std::this_thread::yield();
  EXPECT_EQ(keys.troubles(), std::vector<std::string>{slow.name + ": not there"});
  EXPECT_EQ(web.asked, 3) << "the slow one once";
}

TEST(IssuerKeys, say_why_there_are_none) {
  Web web;
  IssuerKeys keys(web.fetch());
  keys.set_issuers({an_issuer()});
  while (keys.is_renewing("https://issuer.test")) std::this_thread::yield();
  EXPECT_TRUE(keys.ring()->empty());
  ASSERT_EQ(keys.troubles().size(), 1U);
  EXPECT_EQ(keys.troubles().front(), "https://issuer.test: not there");
}

TEST(KeySet, steps_over_keys_that_sign_no_tokens) {
  const TestKey key = TestKey::rsa(2048);
  auto encryption = key.public_jwk("enc");
  encryption["use"] = "enc";
  const auto set = KeySet::from_json(key_set_text({key.public_jwk("sig"),
                                                   encryption,
                                                   TestKey::rsa(1024).public_jwk("short"),
                                                   TestKey::rsa(2047).public_jwk("a bit short"),
                                                   TestKey::rsa(2041).public_jwk("seven"),
                                                   key.public_jwk(),
                                                   {{"kty", "oct"}, {"k", "AAAA"}, {"kid", "oct"}},
                                                   key.private_jwk()}));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->size(), 1U);
  EXPECT_NE(set->find("sig"), nullptr);
  for (const char* const text : {"", "[]", "{}", R"({"keys":{}})", "{\"keys\":[1"}) {
    EXPECT_FALSE(KeySet::from_json(text)) << text;
  }
}

}  // namespace
}  // namespace api::test
