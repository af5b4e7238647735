#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/http/address.h"

namespace api {

/// Where the world finds the service.
struct PublicAddress {
  std::string url;                   ///< the issuer of cards; empty: where it listens
  std::vector<std::string> origins;  ///< under which calls may be made; empty: that of the url
};

/// `https://HOST[:PORT][/PATH]`, or `http://`: without query, blank, or a slash at its end.
bool is_web_address(std::string_view text);
/// The same without a path.
bool is_web_origin(std::string_view text);

/// Under which calls may be made; none while nothing is configured.
std::vector<std::string> call_origins(const PublicAddress& configured);

/// The address that is configured, else the one that is listened on.
std::string public_url(const PublicAddress& configured, const Address& listening);

}  // namespace api
