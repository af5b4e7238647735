#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <string>

namespace api {

/// The addresses of a host. Throws std::runtime_error when there are none, and when they are not
/// there by the deadline.
boost::asio::ip::tcp::resolver::results_type look_up(
    const std::string& host, const std::string& port,
    std::chrono::steady_clock::time_point deadline);

}  // namespace api
