#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>
#include <string>

namespace api {

/// Where the server's certificate is.
struct TlsSettings {
  std::string certificate_file;  ///< PEM, with the chain; empty: no TLS
  std::string key_file;          ///< PEM; for its owner only, or its group to read
  std::string client_ca_file;  ///< clients need a certificate of this CA; empty: none is asked for

  bool is_on() const { return !certificate_file.empty(); }
};

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/// Certificate and key for TLS 1.2 and 1.3, with what Mozilla calls intermediate. No renegotiation,
/// no compression, no early data. Throws std::runtime_error with a remedy.
TlsContext make_server_context(const TlsSettings& settings);

/// Verifies servers by the CA in the file, or by the system's when that is empty. Throws
/// std::runtime_error.
TlsContext make_client_context(const std::string& ca_file);

/// The subject of the certificate that the other side has shown, on one line (RFC 2253); empty when
/// it has shown none.
std::string subject_of_peer(SSL* connection);

/// The context of connections that begin now; another one takes its place while others stay open.
class TlsCurrent {
 public:
  TlsContext get() const {
    const std::lock_guard lock(mutex_);
    return context_;
  }
  void set(TlsContext context) {
    const std::lock_guard lock(mutex_);
    context_ = std::move(context);
  }

 private:
  mutable std::mutex mutex_;
  TlsContext context_;
};

}  // namespace api
