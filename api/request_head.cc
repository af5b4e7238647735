#include "api/request_head.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace api {
namespace {

namespace http = boost::beast::http;

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (is_dash ? c != '-' : !is_hex) return false;
  }
  return true;
}

/// A path with nothing in it to decode, as nearly all are.
bool is_plain_path(std::string_view target) {
  return target.starts_with('/') && !target.starts_with("//") &&
         std::all_of(target.begin(), target.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '/' || c == '-' || c == '.' || c == '_';
         });
}

void read_media_type(std::string_view content_type, std::string& type) {
  type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
}

}  // namespace

void read_request(const http::request_header<>& head, Request& request) {
  request.method = head.method_string();
  read_media_type(head[http::field::content_type], request.content_type);
  const std::string_view correlation_id = head["Correlation-Id"];
  if (is_uuid(correlation_id)) {
    request.correlation_id = correlation_id;
  } else {
    make_correlation_id(request.correlation_id);
  }
  // Without tokens every caller has every role.
  request.caller.name = "anonymous";
  request.caller.is_operator = true;
}

bool read_target(std::string_view target, Request& request) {
  request.query.clear();
  if (is_plain_path(target)) {
    request.path = target;
    return true;
  }
  const boost::urls::string_view text(target.data(), target.size());
  const auto parsed = target.starts_with('/') ? boost::urls::parse_origin_form(text)
                                              : boost::urls::parse_absolute_uri(text);
  if (!parsed) return false;
  request.path = parsed->path();
  for (const auto& parameter : parsed->params()) {
    request.query.emplace_back(parameter.key, parameter.value);
  }
  return true;
}

bool is_framing_clear(const http::request_header<>& head) {
  const bool is_old = head.version() < 11;
  const std::size_t hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && !is_old)) return false;
  if (head.count(http::field::content_length) > 1) return false;
  if (head.count(http::field::transfer_encoding) == 0) return true;
  return !is_old && head.count(http::field::transfer_encoding) == 1 &&
         boost::beast::iequals(head[http::field::transfer_encoding], "chunked");
}

void make_correlation_id(std::string& id) {
  thread_local boost::uuids::random_generator_mt19937 generate;
  id.resize(36);
  boost::uuids::to_chars(generate(), id.begin());
}

}  // namespace api
