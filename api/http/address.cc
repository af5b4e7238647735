#include "api/http/address.h"

#include <sys/un.h>

#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "api/program/usage_error.h"

namespace api {

bool Address::is_local() const {
  return !socket_file.empty() || boost::asio::ip::make_address(host).is_loopback();
}

std::string Address::name() const {
  if (!socket_file.empty()) return socket_file;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

Address parse_listen(const std::string& text) {
  Address address;
  address.socket_file = socket_file_of(text);
  if (!address.socket_file.empty()) return address;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string::npos) {
    address.host = text.substr(0, colon);
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, address.port);
    if (address.host == "localhost") address.host = "127.0.0.1";
    if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
      address.host = address.host.substr(1, address.host.size() - 2);
    }
    boost::system::error_code error;
    boost::asio::ip::make_address(address.host, error);
    if (read.ec == std::errc() && read.ptr == end && !error) return address;
  }
  throw UsageError(
      "--listen wants an IP address and a port, such as 127.0.0.1:8080, or a socket file, such as "
      "unix:/run/frikort.sock, not '" +
      text + "'");
}

std::string socket_file_of(std::string_view text) {
  constexpr std::string_view prefix = "unix:";
  constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;
  if (!text.starts_with(prefix)) return {};
  text.remove_prefix(prefix.size());
  if (text.empty() || text.size() > path_bytes_max) {
    throw UsageError("the path of a socket file has 1 to " + std::to_string(path_bytes_max) +
                     " bytes, not " + std::to_string(text.size()));
  }
  return std::string(text);
}

}  // namespace api
