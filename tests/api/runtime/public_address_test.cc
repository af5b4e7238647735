#include "api/runtime/public_address.h"

#include <gtest/gtest.h>

namespace api::test {
namespace {

TEST(PublicAddress, is_of_the_web_and_has_no_slash_at_its_end) {
  for (const char* const good : {"https://frikort.example", "http://127.0.0.1:8080",
                                 "https://[::1]:8443", "https://frikort.example/ledger/a"}) {
    EXPECT_TRUE(is_web_address(good)) << good;
  }
  for (const char* const bad :
       {"", "https://", "https:///a", "frikort.example", "ftp://frikort.example",
        "HTTPS://frikort.example", "https://frikort.example/", "https://a//b", "https://a b",
        "https://a?b", "https://a#b", "https://u@a", "https://a\"b", "https://a%20",
        "https://\xc3\xa5"}) {
    EXPECT_FALSE(is_web_address(bad)) << bad;
  }
  EXPECT_TRUE(is_web_address("https://" + std::string(192, 'a')));
  EXPECT_FALSE(is_web_address("https://" + std::string(193, 'a')));
}

TEST(PublicAddress, of_an_origin_has_no_path) {
  EXPECT_TRUE(is_web_origin("https://frikort.example:8443"));
  EXPECT_FALSE(is_web_origin("https://frikort.example/ledger"));
}

TEST(PublicAddress, of_calls_is_that_of_the_url_unless_told) {
  using Origins = std::vector<std::string>;
  EXPECT_EQ(call_origins({}), Origins());
  EXPECT_EQ(call_origins({"https://a.example", {}}), Origins({"https://a.example"}));
  EXPECT_EQ(call_origins({"http://[::1]:80/ledger/a", {}}), Origins({"http://[::1]:80"}));
  EXPECT_EQ(call_origins({"https://a.example", {"https://b", "https://c"}}),
            Origins({"https://b", "https://c"}));
}

TEST(PublicAddress, is_where_the_service_listens_unless_told) {
  const Address tcp{"127.0.0.1", 8080, ""};
  EXPECT_EQ(public_url({}, tcp), "http://127.0.0.1:8080");
  EXPECT_EQ(public_url({}, {"::1", 80, ""}), "http://[::1]:80");
  EXPECT_EQ(public_url({}, {"", 0, "/run/a.sock"}), "unix:/run/a.sock");
  EXPECT_EQ(public_url({"https://frikort.example", {}}, tcp), "https://frikort.example");
}

}  // namespace
}  // namespace api::test
