#include "api/http/router.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

namespace api::test {
namespace {

Router a_router() {
  Router router;
  router.add({.method = "GET",
              .path = "/things/{}",
              .access = Access::anybody(),
              .parameters = {"from", "to"}});
  router.add({.method = "POST",
              .path = "/things",
              .access = Access::anybody(),
              .body_bytes_max = 100,
              .media_types = {"application/json"}});
  return router;
}

using Query = std::initializer_list<std::pair<const char*, const char*>>;

std::optional<Problem> judge(std::string_view method, std::string_view path, Query query) {
  const Router router = a_router();
  Request request;
  for (const auto& [name, value] : query) request.query.emplace_back(name, value);
  return query_problem(*router.find(method, path).route, request);
}

TEST(RouterDeathTest, takes_no_route_that_does_not_say_who_may_use_it) {
  Router router;
  EXPECT_DEATH(router.add({.method = "GET", .path = "/things"}), "access");
}

TEST(Router, answers_head_where_it_answers_get) {
  const Router router = a_router();
  const Router::Match match = router.find("HEAD", "/things/5");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.path_parameter, "5");
  EXPECT_EQ(router.find("HEAD", "/things").route, nullptr);
  EXPECT_EQ(router.find("HEAD", "/things").allowed, "POST");
  EXPECT_EQ(router.find("PUT", "/things/5").allowed, "GET, HEAD");
  EXPECT_EQ(router.find("head", "/things/5").route, nullptr) << "methods have a case";
}

TEST(Router, leaves_head_out_where_a_contract_knows_none) {
  Router router;
  router.add({.method = "GET", .path = "/key", .access = Access::anybody(), .answers_head = false});
  EXPECT_EQ(router.find("HEAD", "/key").route, nullptr);
  EXPECT_EQ(router.find("HEAD", "/key").allowed, "GET");
}

TEST(Router, takes_each_known_parameter_once) {
  EXPECT_FALSE(judge("GET", "/things/5", {}));
  EXPECT_FALSE(judge("GET", "/things/5", {{"to", "x"}, {"from", "x"}}));
  const auto unknown = judge("GET", "/things/5", {{"from", "x"}, {"From", "x"}});
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->status, 400U);
  EXPECT_EQ(unknown->code, "MALFORMED_REQUEST");
  EXPECT_EQ(unknown->field, "From");
  EXPECT_NE(unknown->detail.find("`from`, `to`"), std::string::npos) << unknown->detail;
  const auto twice = judge("HEAD", "/things/5", {{"from", "x"}, {"from", "x"}});
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->field, "from");
  const auto none_known = judge("POST", "/things", {{"a", ""}});
  ASSERT_TRUE(none_known);
  EXPECT_EQ(none_known->field, "a");
}

TEST(Router, shows_no_name_that_could_be_a_number_or_is_no_text) {
  EXPECT_EQ(judge("POST", "/things", {{"22898595734", ""}})->field, "***********");
  EXPECT_EQ(judge("POST", "/things", {{"\xFF\xE5", ""}})->field, "??");
}

TEST(Router, takes_only_bodies_of_its_type_and_packing) {
  const Router router = a_router();
  const Route& post = *router.find("POST", "/things").route;
  const Route& get = *router.find("GET", "/things/5").route;
  Request request;
  EXPECT_EQ(media_problem(post, request)->status, 415U) << "no type";
  EXPECT_FALSE(media_problem(get, request));
  request.content_type = "application/json";
  EXPECT_FALSE(media_problem(post, request));
  request.coding = ContentCoding::gzip;
  EXPECT_FALSE(media_problem(post, request));
  request.coding = ContentCoding::unknown;
  EXPECT_EQ(media_problem(post, request)->status, 415U);
}

}  // namespace
}  // namespace api::test
