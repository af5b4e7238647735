#include "api/http/http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "api/http/router.h"
#include "tests/api/http/loopback.h"

namespace api::test {
namespace {

using std::chrono::milliseconds;

TEST(HttpServer, tells_where_a_request_came_from) {
  std::promise<std::string> told;
  Router router;
  router.add({.method = "GET",
              .path = "/",
              .access = Access::anybody(),
              .handler = [&told](const Request& request) {
                told.set_value(request.network_address);
                return Response();
              }});
  const Gate gate;
  HttpServer server({.host = "127.0.0.1", .port = 0, .socket_file = ""}, 1, HttpLimits());
  server.start(router, gate);
  const auto client = LoopbackSocket::connected(server.address().port);
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(told.get_future().get(), "127.0.0.1");
  server.stop();
}

TEST(HttpServer, drops_what_has_not_begun_when_the_time_to_drain_is_over) {
  std::atomic<int> begun{0};
  Router router;
  router.add({.method = "GET",
              .path = "/slow",
              .access = Access::anybody(),
              .kind = RouteKind::slow,
              .handler = [&begun](const Request&) {
                ++begun;
                std::this_thread::sleep_for(milliseconds{200});
                return Response();
              }});
  HttpLimits limits;
  limits.drain_timeout = std::chrono::seconds{0};
  const Gate gate;
  HttpServer server({.host = "127.0.0.1", .port = 0, .socket_file = ""}, 1, limits);
  server.start(router, gate);
  std::vector<LoopbackSocket> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(LoopbackSocket::connected(server.address().port));
    clients.back().send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  while (begun == 0) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds{100});  // the others have come, and wait
  server.stop();
  EXPECT_LT(begun, 20);
}

}  // namespace
}  // namespace api::test
