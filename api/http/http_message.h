#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/identity/caller.h"
#include "ledger/values/ids.h"

namespace api {

/// How a body is packed (Content-Encoding).
enum class ContentCoding : std::uint8_t { identity, gzip, unknown };

/// An HTTP request as handlers see it: whole, and without a socket.
struct Request {
  std::string method;
  std::string path;
  bool has_path = false;  ///< the target was a path with an optional, well-formed query
  std::vector<std::pair<std::string, std::string>> query;
  std::string content_type;  ///< without parameters, in lower case
  ContentCoding coding = ContentCoding::identity;
  std::string correlation_id;
  std::string path_parameter;  ///< what stood for `{}` in the route
  std::string body;            ///< unpacked, without a byte order mark
  Caller caller;
  std::string network_address{};  ///< of the client, or of what stands before it; empty: none

  /// The value of a query parameter, or null. The router has seen that it is there once.
  const std::string* query_value(std::string_view name) const;
};

/// A whole-request error as RFC 9457 says. `field` names the member or parameter at fault, if one
/// is.
struct Problem {
  unsigned status = 500;
  std::string_view code;  ///< `MALFORMED_REQUEST`
  std::string detail;     ///< what is wrong and what to do; never with a person's number
  std::string field;
  std::string_view reason{};  ///< for our log, why this is not for who asks: a literal

  /// The name of a member that nobody knows may be empty.
  bool names_field() const { return !field.empty() || code == "UNKNOWN_FIELD"; }
};

struct Response {
  /// Calls back when something has happened, at once or later, from any thread.
  using When = std::function<void(std::function<void(boost::system::error_code)>)>;

  unsigned status = 200;
  std::string_view content_type = "application/json";  ///< a literal
  std::string body;
  /// Instead of `body`: a text that stays as long as the program. However many clients are slow to
  /// read it, it is in memory once.
  std::string_view constant_body{};
  std::vector<std::pair<std::string, std::string>> headers;
  /// The answer reflects state up to this item or group, which may not be durable yet.
  ledger::Position reflects;
  When when_durable;  ///< the answer leaves then; null: at once
  /// What is still to do for an answer that costs much: done on the one thread that gives way to
  /// all others. May be null. Who gives it bounds how many wait.
  std::function<void(Response&)> finish;
  /// What the body says, if it is a problem: for who is told of it in another form.
  std::optional<Problem> problem;

  std::string_view text() const { return constant_body.empty() ? body : constant_body; }
};

}  // namespace api
