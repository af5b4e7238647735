#pragma once

#include <chrono>
#include <cstddef>

namespace api {

/// More fields in a request head are too many. A field of four bytes takes twenty times as much
/// memory.
constexpr std::size_t header_fields_max = 100;
/// Of the head of an answer that we read as a client.
constexpr std::size_t answer_head_bytes_max = 16U << 10;

/// The limits of connections.
struct HttpLimits {
  /// A first line of 8 KiB, and 16 KiB of fields: a token and a proof take half of them.
  std::size_t header_bytes_max = 24U << 10;
  std::size_t connections_max = 10'000;
  /// Of bodies and answers of all connections together. Answers that wait have half of it at most.
  std::size_t waiting_bytes_max = 128U << 20;
  std::size_t waiting_queries_max = 256;   ///< requests that need private keys
  std::chrono::seconds idle_timeout{30};   ///< for the next request head
  std::chrono::seconds slow_timeout{30};   ///< between two pieces of a body or an answer
  std::chrono::seconds drain_timeout{20};  ///< for open requests when the service stops
};

}  // namespace api
