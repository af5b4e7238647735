#include "api/identity/target_url.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

namespace api {
namespace {

namespace urls = boost::urls;

/// Longer addresses are none of ours.
constexpr std::size_t url_bytes_max = 2048;

std::optional<urls::url> normal_url(std::string_view text) {
  if (text.size() > url_bytes_max) return std::nullopt;
  const auto parsed = urls::parse_uri(boost::core::string_view(text.data(), text.size()));
  if (!parsed || parsed->has_userinfo() || parsed->encoded_host().empty()) return std::nullopt;
  urls::url url(*parsed);
  url.normalize();
  const bool is_http = url.scheme_id() == urls::scheme::http;
  if (!is_http && url.scheme_id() != urls::scheme::https) return std::nullopt;
  if (url.has_port() && (url.port().empty() || url.port() == (is_http ? "80" : "443"))) {
    url.remove_port();
  }
  return url;
}

std::string origin_of(const urls::url& url) {
  const auto origin = url.encoded_origin();
  return {origin.data(), origin.size()};
}

std::string path_of(const urls::url& url) {
  const auto encoded = url.encoded_path();
  std::string path(encoded.data(), encoded.size());
  // Above the root is the root (RFC 3986, 5.2.4), which normalize() leaves to us.
  while (path.starts_with("/../")) path.erase(0, 3);
  return path.empty() || path == "/.." ? "/" : path;
}

bool is_one_of(const std::vector<std::string>& origins, std::string_view origin) {
  return std::find(origins.begin(), origins.end(), origin) != origins.end();
}

}  // namespace

std::optional<std::string> normal_origin(std::string_view text) {
  const auto url = normal_url(text);
  if (!url || url->has_query() || url->has_fragment() || path_of(*url) != "/") return std::nullopt;
  return origin_of(*url);
}

bool is_target(std::string_view htu, const std::vector<std::string>& origins,
               std::string_view path) {
  path = path.substr(0, path.find('?'));
  // Nearly all say it as we do.
  for (const std::string& origin : origins) {
    if (htu.starts_with(origin) && htu.substr(origin.size()) == path) return true;
  }
  const auto url = normal_url(htu);
  if (!url || !is_one_of(origins, origin_of(*url))) return false;
  const auto asked = normal_url("http://localhost" + std::string(path));
  return asked && path_of(*url) == path_of(*asked);
}

}  // namespace api
