// Bytes from the network to the real server over a small ledger: it answers or closes in time,
// never crashes, and answers the next caller right. The first byte says in pieces of how many bytes
// (0 = at once); then the sender is done, or hangs up without reading, or falls silent.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>

#include "api/commands/service.h"
#include "api/http/http_server.h"
#include "ledger/values/assert.h"
#include "tests/storage/temp_folder.h"

namespace {

constexpr auto answer_time_max = std::chrono::seconds{10};

constexpr std::string_view good_item =
    R"({"guid":"7d1c3c1e-5c0e-4c59-9d53-0a4d1a4b0001","practiceId":"100001",)"
    R"("personId":"22898595734","serviceType":"LE","serviceTime":"2026-01-12T10:00:00+01:00",)"
    R"("amountOre":30000,"paid":true,"receivedTime":"2026-01-20T16:00:00+01:00"})";

class Ledger {
 public:
  Ledger()
      : server_({.host = "127.0.0.1", .port = 0, .socket_file = ""}, 1, limits()),
        service_(ledger_options(folder_.path()), ledger::NumberSeries::production_and_tests,
                 limits(), "http://127.0.0.1", api::NationalSettings{}, 0, gate_, server_) {
    signal(SIGPIPE, SIG_IGN);
    service_.start();
  }
  ~Ledger() { service_.stop(); }

  std::uint16_t port() const { return server_.address().port; }

  bool is_healthy() { return service_.keeper().trouble().empty(); }

 private:
  static storage::LedgerOptions ledger_options(const std::filesystem::path& folder) {
    storage::LedgerOptions options;
    options.folder = folder / "data";
    return options;
  }
  static api::Limits limits() {
    api::Limits limits;
    limits.json_body_bytes_max = 16U << 10;
    limits.ndjson_body_bytes_max = 64U << 10;
    limits.header_bytes_max = 2U << 10;
    limits.idle_timeout = std::chrono::seconds{1};
    limits.slow_timeout = std::chrono::seconds{1};
    limits.poll_timeout = std::chrono::seconds{1};
    limits.drain_timeout = std::chrono::seconds{1};
    return limits;
  }

  const storage::test::TempFolder folder_;
  const api::Gate gate_;
  api::HttpServer server_;
  api::Service service_;
};

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  LEDGER_ASSERT(socket >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  LEDGER_ASSERT(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

void send_in_pieces(int socket, std::string_view bytes, std::size_t piece) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), std::min(piece, bytes.size()), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;  // libFuzzer has a timer
    if (sent <= 0) return;                     // the server may close when it has seen enough
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Everything until the server closes.
std::string read_answer(int socket) {
  const auto end = std::chrono::steady_clock::now() + answer_time_max;
  std::string answer;
  char buffer[16'384];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd readable{socket, POLLIN, 0};
    LEDGER_ASSERT(left.count() > 0);
    if (::poll(&readable, 1, static_cast<int>(left.count())) <= 0) continue;
    const ssize_t size = ::recv(socket, buffer, sizeof buffer, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return answer;
    answer.append(buffer, static_cast<std::size_t>(size));
  }
}

void check_good_request(Ledger& ledger) {
  const int socket = connect_to(ledger.port());
  const std::string request =
      "POST /v1/registrations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      "Content-Type: application/json\r\nContent-Length: " +
      std::to_string(good_item.size()) + "\r\n\r\n" + std::string(good_item);
  send_in_pieces(socket, request, SIZE_MAX);
  const std::string answer = read_answer(socket);
  ::close(socket);
  LEDGER_ASSERT(answer.starts_with("HTTP/1.1 200 "));
  LEDGER_ASSERT(answer.find("7d1c3c1e-5c0e-4c59-9d53-0a4d1a4b0001") != std::string::npos);
  LEDGER_ASSERT(answer.find("rejected") == std::string::npos);
  LEDGER_ASSERT(ledger.is_healthy());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Ledger ledger;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  // These write where they are told to, and work on after the answer.
  if (bytes.find("backups") != std::string_view::npos ||
      bytes.find("reconciliations") != std::string_view::npos) {
    return 0;
  }
  const std::size_t piece = data[0] == 0 ? SIZE_MAX : data[0];
  const int socket = connect_to(ledger.port());
  send_in_pieces(socket, bytes, piece);
  // Silence is rare: it takes as long as the server waits.
  const bool is_silent = data[0] == 255;
  const bool hangs_up = data[0] % 16 == 15 && !is_silent;
  if (!hangs_up) {
    if (!is_silent) ::shutdown(socket, SHUT_WR);
    const std::string answer = read_answer(socket);
    LEDGER_ASSERT(answer.empty() || answer.starts_with("HTTP/1."));
  }
  ::close(socket);
  check_good_request(ledger);
  return 0;
}
