#pragma once

#include <boost/beast/core/buffers_suffix.hpp>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "api/http/network.h"
#include "api/http/tls_context.h"

namespace api {

/// The bytes of one connection: a socket, with TLS over it or without. Without, each step is the
/// socket's own, but for one look at whether there is TLS.
class Transport {
 public:
  using Moved = std::tuple<error_code, std::size_t>;

  /// `tls` is null for plain bytes.
  Transport(Socket socket, const TlsContext& tls);
  ~Transport();

  Socket& socket() { return socket_; }
  bool is_open() const { return socket_.is_open(); }
  bool is_secured() const { return tls_ != nullptr; }

  /// TLS: agrees on keys with the client. Before anything else.
  Awaitable<error_code> shake_hands();
  /// See subject_of_peer(); empty without TLS.
  std::string client_subject() const;
  /// Tells the client that nothing more comes.
  Awaitable<void> end_sending();

  Awaitable<Moved> read_some(asio::mutable_buffer buffer) {
    if (!tls_) return socket_.async_read_some(buffer, awaited);
    return read_secured(buffer);
  }
  template <class Buffers>
  Awaitable<Moved> write_some(const Buffers& buffers) {
    if (!tls_) return socket_.async_write_some(buffers, awaited);
    return write_secured(gathered(buffers));
  }
  /// What can be written at once; `would_block` when nothing can.
  template <class Buffers>
  std::size_t write_at_once(const Buffers& buffers, error_code& error) {
    if (!tls_) return socket_.write_some(buffers, error);
    error = asio::error::would_block;
    return 0;
  }

  /// Whether the client's input has ended; asked when there is something to be read.
  bool is_input_ended();
  void cancel() {
    error_code ignored;
    socket_.cancel(ignored);
  }
  void close() {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  struct Tls;

  /// The beginning of the buffers, as one: a record of TLS each would cost more than the copy.
  template <class Buffers>
  asio::const_buffer gathered(const Buffers& buffers) {
    record_.resize(record_bytes_max);
    const std::size_t size = asio::buffer_copy(asio::buffer(record_), buffers);
    return asio::buffer(record_.data(), size);
  }
  Awaitable<Moved> read_secured(asio::mutable_buffer buffer);
  Awaitable<Moved> write_secured(asio::const_buffer buffer);

  static constexpr std::size_t record_bytes_max = 16U << 10;

  Socket socket_;
  std::string record_;  // on its way
  std::unique_ptr<Tls> tls_;
};

}  // namespace api
