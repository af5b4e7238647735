#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/items/item_parser.h"
#include "ledger/values/ids.h"

namespace api {

/// How a body is packed (Content-Encoding).
enum class ContentCoding : std::uint8_t { identity, gzip, unknown };

/// An HTTP request as handlers see it: whole, and without a socket.
struct Request {
  std::string method;
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  std::string content_type;  ///< without parameters, in lower case
  ContentCoding coding = ContentCoding::identity;
  std::string correlation_id;
  std::string path_parameter;  ///< what stood for `{}` in the route
  std::string body;            ///< unpacked, without a byte order mark
  ingest::Caller caller;

  /// The value of a query parameter, or null. The router has seen that it is there once.
  const std::string* query_value(std::string_view name) const;
};

class OpenLedger;

struct Response {
  unsigned status = 200;
  std::string_view content_type = "application/json";  ///< a literal
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  /// The answer reflects state up to this item or group: it leaves when the journal holds it.
  ledger::Position reflects;
  std::shared_ptr<OpenLedger> reflected;  ///< whose journal that is
  /// Nothing to tell yet: when an event of an item after this one is durable the handler is called
  /// again. After `wait` at most, the answer leaves as it is.
  std::optional<ledger::Position> again_after;
  std::chrono::seconds wait{0};
};

}  // namespace api
