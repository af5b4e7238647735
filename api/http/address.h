#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace api {

/// Where a service listens: an IP address and a port, or a socket file, for callers on the same
/// machine only.
struct Address {
  std::string host;
  std::uint16_t port = 0;
  std::string socket_file;  ///< instead of both

  /// Nobody on another machine can reach it.
  bool is_local() const;
  /// For people.
  std::string name() const;
};

/// `HOST:PORT`, the host an IP address, an IPv6 one in brackets, or `unix:PATH`. Throws UsageError.
Address parse_listen(const std::string& text);

/// The path in `unix:PATH`; empty when the text has another form. Throws UsageError when a socket
/// file cannot have that path.
std::string socket_file_of(std::string_view text);

}  // namespace api
