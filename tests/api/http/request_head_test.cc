#include "api/http/request_head.h"

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
  for (const Head& head :
       {head_of(11, {{F::host, "a"}}), head_of(11, {{F::host, "a"}, {F::content_length, "2"}}),
        head_of(11, {{F::host, "a"}, {F::transfer_encoding, "Chunked"}}),
        head_of(11, {{F::host, "a"}, {F::accept, "x"}, {F::accept, "y"}}), head_of(10, {})}) {
    EXPECT_EQ(unclear_point_of(head), "");
  }
}

TEST(RequestHead, is_not_clear_when_a_proxy_could_read_it_otherwise) {
  using F = http::field;
  const Head unclear[] = {
      head_of(11, {}),
      head_of(11, {{F::host, "a"}, {F::host, "a"}}),
      head_of(11, {{F::host, "a"}, {F::content_length, "2"}, {F::content_length, "2"}}),
      head_of(11, {{F::host, "a"}, {F::content_length, "2, 2"}}),
      head_of(11, {{F::host, "a"}, {F::transfer_encoding, "gzip"}}),
      head_of(11, {{F::host, "a"}, {F::transfer_encoding, "chunked, chunked"}}),
      head_of(
          11,
          {{F::host, "a"}, {F::transfer_encoding, "chunked"}, {F::transfer_encoding, "chunked"}}),
      head_of(10, {{F::transfer_encoding, "chunked"}}),
      head_of(11, {{F::host, "a"}, {F::content_type, "a/b"}, {F::content_type, "a/b"}}),
      head_of(11, {{F::host, "a"}, {F::content_encoding, "gzip"}, {F::content_encoding, ""}}),
      head_of(11, {{F::host, "a"}, {F::expect, "100-continue"}, {F::expect, "100-continue"}}),
      head_of(11, {{F::host, "a"}, {F::authorization, "x"}, {F::authorization, "y"}}),
  };
  for (const Head& head : unclear) {
    EXPECT_NE(unclear_point_of(head), "") << "number " << &head - unclear;
  }
  Head twice = head_of(11, {{F::host, "a"}});
  twice.insert("Correlation-Id", "x");
  EXPECT_EQ(unclear_point_of(twice), "");
  twice.insert("correlation-id", "x");
  EXPECT_NE(unclear_point_of(twice), "");
}

TEST(RequestHead, counts_what_stands_there_twice_as_nothing_where_it_may) {
  using F = http::field;
  const Head types = head_of(11, {{F::host, "a"},
                                  {F::content_type, "application/jose"},
                                  {F::content_type, "application/jose"},
                                  {F::authorization, "x"},
                                  {F::authorization, "y"}});
  EXPECT_EQ(unclear_point_of(types, true), "");
  Request request;
  read_request(types, request);
  EXPECT_EQ(request.content_type, "");
  read_request(head_of(11, {{F::content_encoding, "identity"}, {F::content_encoding, "identity"}}),
               request);
  EXPECT_EQ(request.coding, ContentCoding::unknown);
  EXPECT_NE(unclear_point_of(head_of(11, {{F::host, "a"}, {F::host, "a"}}), true), "");
  EXPECT_NE(
      unclear_point_of(
          head_of(11, {{F::host, "a"}, {F::content_length, "2"}, {F::content_length, "2"}}), true),
      "");
}

TEST(RequestHead, wants_a_host_that_is_one) {
  for (const char* good : {"", "a", "localhost:8080", "a-b.example.no", "127.0.0.1:80", "[::1]",
                           "[::1]:8080", "a_b", "a:", "xn--frikort-9za.no", "a%20b", "A.B:65535"}) {
    EXPECT_EQ(unclear_point_of(head_of(11, {{http::field::host, good}})), "") << good;
  }
  for (const char* bad : {"a b", "u@a", "u:p@a", "[::1", "::1", "a:b", "a:99999", "a:655360", "a/b",
                          "a?b", "http://a", "a#b", "[::1]x", "[a]", ":80", "a\\b", "%zz", "@"}) {
    EXPECT_NE(unclear_point_of(head_of(11, {{http::field::host, bad}})), "") << bad;
  }
}

TEST(RequestHead, sees_folded_lines) {
  EXPECT_FALSE(is_folded("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"));
  EXPECT_TRUE(is_folded("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"));
  EXPECT_TRUE(is_folded("X: y\r\n\tz\r\n"));
}

TEST(RequestHead, knows_how_a_body_is_packed) {
  const std::pair<const char*, ContentCoding> cases[] = {
      {"", ContentCoding::identity},      {"identity", ContentCoding::identity},
      {"gzip", ContentCoding::gzip},      {"X-GZip", ContentCoding::gzip},
      {"br", ContentCoding::unknown},     {"gzip, gzip", ContentCoding::unknown},
      {"deflate", ContentCoding::unknown}};
  Request request;
  for (const auto& [given, expected] : cases) {
    read_request(head_of(11, {{http::field::content_encoding, given}}), request);
    EXPECT_EQ(request.coding, expected) << given;
  }
  read_request(head_of(11, {}), request);
  EXPECT_EQ(request.coding, ContentCoding::identity) << "not that of the request before";
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
  EXPECT_EQ(*request.query_value("wait"), "30");
  EXPECT_EQ(request.query.back().second, "1");
  EXPECT_EQ(request.query_value("limit"), nullptr);
  ASSERT_TRUE(read_target("/v1/card-status", request));
  EXPECT_EQ(request.path, "/v1/card-status");
  EXPECT_TRUE(request.query.empty()) << "of the request before";
  ASSERT_TRUE(read_target("http://host/v1/status", request)) << "as a proxy writes it";
  EXPECT_EQ(request.path, "/v1/status");
  ASSERT_TRUE(read_target("/isready?", request));
  EXPECT_TRUE(request.query.empty());
  ASSERT_TRUE(read_target("/isready?a=b&", request));
  EXPECT_EQ(request.query.size(), 1U);
}

TEST(RequestHead, takes_the_path_as_it_was_sent) {
  const std::pair<const char*, const char*> cases[] = {
      {"/api/a", "/api/a"},
      {"/api/a?x=%zz", "/api/a"},
      {"/%61pi/a", "/%61pi/a"},
      {"/api/%2F?", "/api/%2F"},
      {"http://b/api/a?x", "/api/a"},
      {"https://b", ""},
      {"http://b?x=/y", ""},
      {"*", ""},
      {"", ""},
  };
  Request request;
  for (const auto& [target, path] : cases) {
    request.query.emplace_back("of", "before");
    take_sent_path(target, request);
    EXPECT_EQ(request.path, path) << target;
    EXPECT_TRUE(request.has_path);
    EXPECT_TRUE(request.query.empty());
  }
}

TEST(RequestHead, refuses_a_target_that_is_no_path) {
  Request request;
  for (const char* target :
       {"", "*", "v1/status", "/a b", "/%zz", "/%4", "/a?b=%g1", "/v1%2Fstatus", "/v1%2fstatus",
        "/a%00", "http://u@host/v1/status", "http://u:p@host/v1/status", "ftp://host/v1/status",
        "http:/v1/status", "http:///v1/status", "mailto:a"}) {
    EXPECT_FALSE(read_target(target, request)) << target;
  }
}

}  // namespace
}  // namespace api::test
