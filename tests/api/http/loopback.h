#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "ledger/values/assert.h"

namespace api::test {

/// A TCP socket on the loopback address; what is sent leaves at once.
class LoopbackSocket {
 public:
  /// On a port that is free.
  static LoopbackSocket listening() {
    LoopbackSocket socket;
    sockaddr_in address = loopback(0);
    LEDGER_ASSERT(::bind(socket.file_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    LEDGER_ASSERT(::listen(socket.file_, 16) == 0);
    return socket;
  }
  static LoopbackSocket connected(std::uint16_t port) {
    LoopbackSocket socket;
    const sockaddr_in address = loopback(port);
    LEDGER_ASSERT(
        ::connect(socket.file_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return socket;
  }
  LoopbackSocket accept() const { return LoopbackSocket(::accept(file_, nullptr, nullptr)); }

  LoopbackSocket(LoopbackSocket&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  LoopbackSocket& operator=(LoopbackSocket&&) = delete;
  ~LoopbackSocket() {
    if (file_ >= 0) ::close(file_);
  }

  std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    LEDGER_ASSERT(::getsockname(file_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return ntohs(address.sin_port);
  }
  /// False when the other end has closed.
  bool send(std::string_view bytes) const {
    return ::send(file_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }

 private:
  LoopbackSocket() : LoopbackSocket(::socket(AF_INET, SOCK_STREAM, 0)) {}
  explicit LoopbackSocket(int file) : file_(file) {
    LEDGER_ASSERT(file_ >= 0);
    const int on = 1;
    ::setsockopt(file_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  int file_;
};

}  // namespace api::test
