#include "api/http/request_head.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/url/authority_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <iterator>
#include <optional>
#include <tuple>

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

bool equals(std::string_view a, std::string_view b) {
  return boost::beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '.' ||
         c == '_';
}

/// A path with nothing in it to decode, as nearly all are.
bool is_plain_path(std::string_view target) {
  return target.starts_with('/') && !target.starts_with("//") &&
         std::all_of(target.begin(), target.end(), [](char c) { return is_plain(c) || c == '/'; });
}

bool is_port(std::string_view text) {
  return text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit) &&
         (text.size() < 5 || text <= "65535");
}

/// `localhost:8080`, `[::1]`; also nothing, which a target without a host comes with.
bool is_host(std::string_view text) {
  const auto name_size =
      static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
  if (name_size == text.size()) return true;
  if (text[name_size] == ':') return name_size != 0 && is_port(text.substr(name_size + 1));
  const auto parsed =
      boost::urls::parse_authority(boost::core::string_view(text.data(), text.size()));
  return parsed && !parsed->has_userinfo() && !parsed->encoded_host().empty() &&
         is_port({parsed->port().data(), parsed->port().size()});
}

/// Fields that one request has once.
constexpr std::array single_fields{
    http::field::host,          http::field::content_length,   http::field::transfer_encoding,
    http::field::content_type,  http::field::content_encoding, http::field::expect,
    http::field::authorization, http::field::unknown,  // Correlation-Id
};
constexpr std::string_view correlation_id_name = "Correlation-Id";

struct SeenField {
  unsigned count = 0;
  std::string_view value;  // of the first
};

/// What is there of each of `single_fields`, in one walk over the head.
std::array<SeenField, single_fields.size()> see_fields(const http::request_header<>& head) {
  std::array<SeenField, single_fields.size()> seen{};
  for (const auto& field : head) {
    const http::field name = field.name();
    if (name == http::field::unknown && !equals(field.name_string(), correlation_id_name)) continue;
    const auto* const found = std::find(single_fields.begin(), single_fields.end(), name);
    if (found == single_fields.end()) continue;
    SeenField& of_name = seen[static_cast<std::size_t>(found - single_fields.begin())];
    if (of_name.count++ == 0) of_name.value = field.value();
  }
  return seen;
}

/// The field's value; nothing when it stands there twice, with whatever values.
std::optional<std::string_view> only_value(const http::request_header<>& head, http::field name) {
  const auto [begin, end] = head.equal_range(name);
  if (begin == end) return std::string_view();
  const std::string_view value = begin->value();
  return std::next(begin) == end ? std::optional(value) : std::nullopt;
}

ContentCoding coding_of(std::string_view name) {
  if (name.empty() || equals(name, "identity")) return ContentCoding::identity;
  // Both names mean the same (RFC 9110, 8.4.1.3).
  if (equals(name, "gzip") || equals(name, "x-gzip")) return ContentCoding::gzip;
  return ContentCoding::unknown;
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
  const auto target = head.target();
  request.has_path = read_target({target.data(), target.size()}, request);
  read_media_type(only_value(head, http::field::content_type).value_or(""), request.content_type);
  const auto coding = only_value(head, http::field::content_encoding);
  request.coding = coding ? coding_of(*coding) : ContentCoding::unknown;
  take_correlation_id(head, request.correlation_id);
}

std::string_view sent_path_of(std::string_view target) {
  target = target.substr(0, target.find('?'));
  if (!target.starts_with('/')) {
    const std::size_t host = target.find("://");
    if (host == std::string_view::npos) return {};
    target.remove_prefix(std::min(target.find('/', host + 3), target.size()));
  }
  return target;
}

void take_sent_path(std::string_view target, Request& request) {
  request.path = sent_path_of(target);
  request.has_path = true;
  request.query.clear();
}

bool read_target(std::string_view target, Request& request) {
  request.query.clear();
  if (is_plain_path(target)) {
    request.path = target;
    return true;
  }
  // Decoded, these would be a border of segments and the end of a text to somebody else.
  for (const std::string_view hidden : {"%2F", "%2f", "%00"}) {
    if (target.substr(0, target.find('?')).find(hidden) != std::string_view::npos) return false;
  }
  const bool is_origin = target.starts_with('/');
  const boost::core::string_view text(target.data(), target.size());
  const auto parsed =
      is_origin ? boost::urls::parse_origin_form(text) : boost::urls::parse_absolute_uri(text);
  if (!parsed) return false;
  if (!is_origin) {
    const bool is_web = parsed->scheme_id() == boost::urls::scheme::http ||
                        parsed->scheme_id() == boost::urls::scheme::https;
    if (!is_web || parsed->has_userinfo() || parsed->encoded_host().empty()) return false;
  }
  request.path = parsed->path();
  for (const auto& parameter : parsed->params()) {
    if (parameter.key.empty() && !parameter.has_value) continue;  // as in `?` and `a=b&`
    request.query.emplace_back(parameter.key, parameter.value);
  }
  return true;
}

std::string_view unclear_point_of(const http::request_header<>& head, bool may_repeat_fields) {
  const bool is_old = head.version() < 11;
  const auto seen = see_fields(head);
  const auto& [host, length, encoding] = std::tie(seen[0], seen[1], seen[2]);
  if (host.count > 1 || (host.count == 0 && !is_old)) return "A request has one Host.";
  if (!is_host(host.value)) return "Host is not a host name or address.";
  if (length.count > 1 || encoding.count > 1) return "The length of the body is told twice.";
  if (!std::all_of(length.value.begin(), length.value.end(), is_digit)) {
    return "Content-Length is not a number.";
  }
  if (encoding.count != 0 && !equals(encoding.value, "chunked")) {
    return "The only Transfer-Encoding is chunked.";
  }
  if (encoding.count != 0 && is_old) return "HTTP/1.0 has no chunks.";
  const bool is_repeated =
      std::any_of(seen.begin(), seen.end(), [](const SeenField& f) { return f.count > 1; });
  if (is_repeated && !may_repeat_fields) {
    return "Content-Type, Content-Encoding, Expect, Authorization or Correlation-Id stands there "
           "twice.";
  }
  return {};
}

bool is_folded(std::string_view head_bytes) {
  for (std::size_t at = head_bytes.find('\n'); at != std::string_view::npos;
       at = head_bytes.find('\n', at + 1)) {
    if (at + 1 == head_bytes.size()) return false;
    if (head_bytes[at + 1] == ' ' || head_bytes[at + 1] == '\t') return true;
  }
  return false;
}

void take_correlation_id(const http::request_header<>& head, std::string& id) {
  const std::string_view given = head["Correlation-Id"];
  if (is_uuid(given) && head.count("Correlation-Id") == 1) {
    id = given;
  } else {
    make_correlation_id(id);
  }
}

void make_correlation_id(std::string& id) {
  thread_local boost::uuids::random_generator_mt19937 generate;
  id.resize(36);
  boost::uuids::to_chars(generate(), id.begin());
}

}  // namespace api
