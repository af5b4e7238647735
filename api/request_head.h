#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <string_view>

#include "api/http_message.h"

namespace api {

/// Takes method, media type, correlation id and caller of a request from its head. Memory of the
/// request before it is used again.
void read_request(const boost::beast::http::request_header<>& head, Request& request);

/// Takes path and query; false when the target is not a path with an optional, well-formed query.
bool read_target(std::string_view target, Request& request);

/// False when somebody else could read another host or another end of the body from this head: what
/// follows would be one thing to a proxy and another to us (RFC 9112, 3.2 and 6.3).
bool is_framing_clear(const boost::beast::http::request_header<>& head);

/// For an answer to what is no request.
void make_correlation_id(std::string& id);

}  // namespace api
