#include "api/http/transport.h"

#include <array>
#include <boost/asio/ssl/stream.hpp>

namespace api {

namespace ssl = asio::ssl;

struct Transport::Tls {
  Tls(Socket& socket, const TlsContext& used) : context(used), stream(socket, *used) {}

  TlsContext context;  // stays as long as the stream
  ssl::stream<Socket&> stream;
};

Transport::Transport(Socket socket, const TlsContext& tls) : socket_(std::move(socket)) {
  if (tls != nullptr) tls_ = std::make_unique<Tls>(socket_, tls);
}

Transport::~Transport() = default;

Awaitable<error_code> Transport::shake_hands() {
  if (!tls_) co_return error_code();
  auto [error] = co_await tls_->stream.async_handshake(ssl::stream_base::server, awaited);
  co_return error;
}

std::string Transport::client_subject() const {
  return tls_ ? subject_of_peer(tls_->stream.native_handle()) : std::string();
}

Awaitable<void> Transport::end_sending() {
  if (tls_) {
    // Waits for the client's own end, or for the deadline of the connection.
    co_await tls_->stream.async_shutdown(awaited);
  }
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

Awaitable<Transport::Moved> Transport::read_secured(asio::mutable_buffer buffer) {
  return tls_->stream.async_read_some(buffer, awaited);
}

Awaitable<Transport::Moved> Transport::write_secured(asio::const_buffer buffer) {
  return tls_->stream.async_write_some(buffer, awaited);
}

/// With TLS the end is told by a record that is shorter than any request would be: an alert, which
/// TLS 1.3 disguises as data.
bool Transport::is_input_ended() {
  std::array<unsigned char, 64> bytes{};
  error_code error;
  const std::size_t size = socket_.receive(asio::buffer(bytes), Socket::message_peek, error);
  if (error) return true;
  constexpr std::size_t head_bytes = 5;
  constexpr unsigned char alert = 21;
  constexpr std::size_t disguised_alert_bytes = 19;
  if (!tls_ || size < head_bytes) return false;
  const std::size_t record_bytes = std::size_t{bytes[3]} << 8U | bytes[4];
  return bytes[0] == alert || record_bytes == disguised_alert_bytes;
}

}  // namespace api
