#include "api/request_head.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

namespace api::test {
namespace {

namespace http = boost::beast::http;
using Head = http::request_header<>;
using Fields = std::initializer_list<std::pair<http::field, const char*>>;

Head head_of(unsigned version, Fields fields) {
  Head head;
  head.version(version);
  head.method(http::verb::post);
  for (const auto& [name, value] : fields) head.insert(name, value);
  return head;
}

TEST(RequestHead, is_clear_when_nobody_can_read_another_host_or_end) {
  using F = http::field;
  EXPECT_TRUE(is_framing_clear(head_of(11, {{F::host, "a"}})));
  EXPECT_TRUE(is_framing_clear(head_of(11, {{F::host, "a"}, {F::content_length, "2"}})));
  EXPECT_TRUE(is_framing_clear(head_of(11, {{F::host, "a"}, {F::transfer_encoding, "Chunked"}})));
  EXPECT_TRUE(is_framing_clear(head_of(10, {}))) << "HTTP/1.0 had no Host";
}

TEST(RequestHead, is_not_clear_when_a_proxy_could_read_it_otherwise) {
  using F = http::field;
  EXPECT_FALSE(is_framing_clear(head_of(11, {}))) << "no Host";
  EXPECT_FALSE(is_framing_clear(head_of(11, {{F::host, "a"}, {F::host, "b"}})));
  EXPECT_FALSE(is_framing_clear(
      head_of(11, {{F::host, "a"}, {F::content_length, "2"}, {F::content_length, "2"}})));
  EXPECT_FALSE(is_framing_clear(head_of(11, {{F::host, "a"}, {F::transfer_encoding, "gzip"}})));
  EXPECT_FALSE(is_framing_clear(head_of(
      11, {{F::host, "a"}, {F::transfer_encoding, "chunked"}, {F::transfer_encoding, "chunked"}})));
  EXPECT_FALSE(is_framing_clear(head_of(10, {{F::transfer_encoding, "chunked"}})))
      << "HTTP/1.0 had no chunks";
}

TEST(RequestHead, gives_the_media_type_without_parameters_in_lower_case) {
  const std::pair<const char*, const char*> cases[] = {
      {"application/json", "application/json"},
      {"Application/JSON; charset=UTF-8", "application/json"},
      {"application/x-ndjson ;q=1", "application/x-ndjson"},
      {"", ""},
  };
  Request request;
  for (const auto& [given, expected] : cases) {
    read_request(head_of(11, {{http::field::content_type, given}}), request);
    EXPECT_EQ(request.content_type, expected) << given;
    EXPECT_EQ(request.method, "POST");
  }
}

TEST(RequestHead, keeps_a_correlation_id_that_is_a_uuid_and_makes_any_other) {
  const std::string good = "3F2504E0-4f89-41d3-9a0c-0305e82c3301";
  Request request;
  Head head;
  head.set("Correlation-Id", good);
  read_request(head, request);
  EXPECT_EQ(request.correlation_id, good);
  for (const std::string bad :
       {"", "x", "3F2504E0-4f89-41d3-9a0c-0305e82c330", "3F2504E0-4f89-41d3-9a0c-0305e82c33011",
        "3F2504E0_4f89-41d3-9a0c-0305e82c3301", "3F2504E0-4f89-41d3-9a0c-0305e82c330g"}) {
    head.set("Correlation-Id", bad);
    read_request(head, request);
    EXPECT_NE(request.correlation_id, bad);
    EXPECT_EQ(request.correlation_id.size(), 36U) << bad;
    EXPECT_NE(request.correlation_id, good) << "of the request before";
  }
}

TEST(RequestHead, divides_the_target_into_path_and_query) {
  Request request;
  ASSERT_TRUE(read_target("/v1/a%20b?after=0-5&wait=30&wait=%31", request));
  EXPECT_EQ(request.path, "/v1/a b");
  EXPECT_EQ(*request.query_value("after"), "0-5");
  EXPECT_EQ(*request.query_value("wait"), "30") << "the first counts";
  EXPECT_EQ(request.query.back().second, "1");
  EXPECT_EQ(request.query_value("limit"), nullptr);
  ASSERT_TRUE(read_target("/v1/card-status", request));
  EXPECT_EQ(request.path, "/v1/card-status");
  EXPECT_TRUE(request.query.empty()) << "of the request before";
  ASSERT_TRUE(read_target("http://host/v1/status", request)) << "as a proxy writes it";
  EXPECT_EQ(request.path, "/v1/status");
}

TEST(RequestHead, refuses_a_target_that_is_no_path) {
  Request request;
  for (const char* target : {"", "*", "v1/status", "/a b", "/%zz", "/%4", "/a?b=%g1"}) {
    EXPECT_FALSE(read_target(target, request)) << target;
  }
}

}  // namespace
}  // namespace api::test
