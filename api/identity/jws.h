#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace api {

/// A compact JWS (RFC 7515) taken apart; nothing of it has been verified.
struct Jws {
  std::string_view compact;
  std::string algorithm;
  std::string type;           ///< `typ` as it stands there; empty when there is none
  std::string key_id;         ///< empty when there is none
  bool has_critical = false;  ///< there is a `crit`, of whatever kind
  boost::json::object header;
  boost::json::object payload;
};

/// Nothing when it is not three parts of strict base64url, the first two of them JSON objects, with
/// an algorithm that is one for signatures. `none`, HMAC and an empty signature are nothing.
std::optional<Jws> parse_jws(std::string_view compact, std::size_t bytes_max);

/// A media type as it is compared: in lower case, without `application/` (RFC 7515, 4.1.9).
std::string media_type(std::string_view type);

/// A member that is a text; null when it is not there, or is something else.
const boost::json::string* text_member(const boost::json::object& object, std::string_view name);
/// A member that is a time in seconds (RFC 7519, NumericDate), rounded down.
std::optional<std::int64_t> time_member(const boost::json::object& object, std::string_view name);
/// A member that is a text split at spaces, or an array of texts; nothing when it is anything else.
std::optional<std::vector<std::string>> list_member(const boost::json::object& object,
                                                    std::string_view name);

inline std::string_view view_of(const boost::json::string& text) {
  return {text.data(), text.size()};
}

}  // namespace api
