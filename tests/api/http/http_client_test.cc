#include "api/http/http_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/api/http/loopback.h"

namespace api::test {
namespace {

/// Pieces that end within a field: the limit of the parser does not see how many came before.
void send_long_head(const LoopbackSocket& client) {
  std::string piece;
  for (int i = 0; i < 128; ++i) piece += ":\r\na";
  client.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\na");
  for (int i = 0; i < 100 && client.send(piece); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  client.send(":\r\n\r\n");
}

TEST(HttpClient, reads_no_head_without_end) {
  const LoopbackSocket server = LoopbackSocket::listening();
  std::thread answering([&server] { send_long_head(server.accept()); });
  {
    HttpClient client({"http://127.0.0.1:" + std::to_string(server.port()), "", "", "", ""});
    EXPECT_THROW(client.get("/"), std::runtime_error);
  }
  answering.join();
}

}  // namespace
}  // namespace api::test
