#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/token_source.h"

namespace api {

/// An HTTP/1.1 client for the program's own commands: one connection, kept alive, blocking. Network
/// errors are thrown as std::runtime_error; afterwards the next call connects again. A token that
/// the server refuses is got anew once.
class HttpClient {
 public:
  struct Answer {
    unsigned status = 0;
    std::string body;  ///< empty when it went to on_piece
    unsigned retry_after_s = 0;
    std::string location;
    std::string next_offset;  ///< of a file that comes in pieces; empty at its end
  };

  /// The server: `http://` or `https://HOST:PORT`, or `unix:PATH` of a socket file. Throws
  /// UsageError when it is not, and std::runtime_error when a file cannot be used.
  explicit HttpClient(const ServerAccess& access);
  ~HttpClient();

  Answer get(const std::string& target);

  /// Sends the body while the answer is read, piece by piece: neither side waits for the other.
  /// `on_piece` gets the pieces of a 200 answer; other answers come in `Answer::body`.
  Answer post_streamed(const std::string& target, std::string_view content_type,
                       std::string_view body,
                       const std::function<void(std::string_view)>& on_piece);

  /// POST of a small JSON body.
  Answer post(const std::string& target, std::string_view json) {
    return post_streamed(target, "application/json", json, {});
  }

  /// Ends the connection.
  void disconnect();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What a server says about a request that it refuses: the sentence of the problem and the field.
std::string problem_text(const HttpClient::Answer& answer);

/// Throws what the server says when its status is another: UsageError when the request is wrong,
/// std::runtime_error when it cannot be done.
void require_status(const HttpClient::Answer& answer, unsigned expected);

}  // namespace api
