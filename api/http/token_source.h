#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "api/identity/proof_maker.h"

namespace api {

/// How a command reaches a running server, and says who it is.
struct ServerAccess {
  std::string server;         ///< a URL, or `unix:PATH`
  std::string ca_file;        ///< of the CA that the server's certificate is of
  std::string token_file;     ///< with an access token; read again when it has changed
  std::string token_command;  ///< prints one; run again when the last one is about to expire
  std::string dpop_key;       ///< file of the private key that the token is bound to
};

/// The tokens of a command, one after another.
class TokenSource {
 public:
  /// Throws UsageError when the settings exclude each other, std::runtime_error when the key cannot
  /// be used.
  explicit TokenSource(const ServerAccess& access);

  bool has_tokens() const { return !file_.empty() || !command_.empty(); }

  /// The header lines for one request; empty without tokens. Throws std::runtime_error when there
  /// is no token to be had.
  std::string headers(std::string_view method, std::string_view url);
  /// The server has refused the token: the next one is a new one.
  void forget() { token_.clear(); }

 private:
  void renew();

  const std::string file_;
  const std::string command_;
  std::optional<ProofMaker> proofs_;
  std::string token_;
  std::optional<std::int64_t> expires_s_;
  std::filesystem::file_time_type read_at_{};
};

}  // namespace api
