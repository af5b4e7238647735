#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <string_view>

#include "api/http/http_message.h"

namespace api {

/// Takes method, target, media type, content coding and correlation id of a request from its head.
/// Memory of the request before it is used again.
void read_request(const boost::beast::http::request_header<>& head, Request& request);

/// The path of a target as it was sent: without a host in front, and without a query.
std::string_view sent_path_of(std::string_view target);

/// Takes the request as a contract wants it that compares paths byte for byte and has no queries.
void take_sent_path(std::string_view target, Request& request);

/// Takes path and query; false when the target is not a path with an optional, well-formed query.
/// A target with a host in front, as a proxy writes it, is taken for its path; its host is not ours
/// to judge (RFC 9112, 3.2.2).
bool read_target(std::string_view target, Request& request);

/// Why somebody else could read this head otherwise than we do, as a sentence: another host,
/// another end of the body, another value of a field that stands there twice (RFC 9112, 3.2
/// and 6.3). Empty when nobody could. What follows an unclear head may be no request, so the
/// connection ends. Where fields may be repeated that say nothing of host and end, each that is
/// counts as if it were of no value that is known: see read_request().
std::string_view unclear_point_of(const boost::beast::http::request_header<>& head,
                                  bool may_repeat_fields = false);

/// Whether a line of these bytes of a head goes on in the next one, which begins with a blank. What
/// the parser of the head joins again, others cut or refuse (RFC 9112, 5.2).
bool is_folded(std::string_view head_bytes);

/// The Correlation-Id of the head if it is one UUID, otherwise a new one. The head may be as much
/// as could be read of one that is refused.
void take_correlation_id(const boost::beast::http::request_header<>& head, std::string& id);

/// For an answer to what is no request.
void make_correlation_id(std::string& id);

}  // namespace api
