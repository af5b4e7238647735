#include "api/runtime/public_address.h"

#include <algorithm>

namespace api {
namespace {

constexpr std::size_t address_bytes_max = 200;

/// What may stand behind `https://`: no user, query, fragment, quote, escape or blank.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~:/[]").find(c) != std::string_view::npos;
}

/// Host, port and path; empty when there is no such scheme.
std::string_view behind_scheme(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) return text.substr(scheme.size());
  }
  return {};
}

}  // namespace

bool is_web_address(std::string_view text) {
  const std::string_view place = behind_scheme(text);
  return !place.empty() && text.size() <= address_bytes_max && place.front() != '/' &&
         place.back() != '/' && place.find("//") == std::string_view::npos &&
         std::all_of(place.begin(), place.end(), is_plain);
}

bool is_web_origin(std::string_view text) {
  return is_web_address(text) && behind_scheme(text).find('/') == std::string_view::npos;
}

std::vector<std::string> call_origins(const PublicAddress& configured) {
  if (!configured.origins.empty() || configured.url.empty()) return configured.origins;
  const std::string_view url = configured.url;
  const std::size_t scheme = url.size() - behind_scheme(url).size();
  return {std::string(url.substr(0, url.find('/', scheme)))};
}

std::string public_url(const PublicAddress& configured, const Address& listening) {
  if (!configured.url.empty()) return configured.url;
  if (!listening.socket_file.empty()) return "unix:" + listening.socket_file;
  return "http://" + listening.name();
}

}  // namespace api
