#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace api {

/// `scheme://host[:port]` of a web address, in the one form in which it is compared: lower case,
/// without the scheme's own port. Nothing when it has anything behind that, or is no web address.
std::optional<std::string> normal_origin(std::string_view url);

/// Whether the address of a proof (`htu`) is that of a request: one of the origins and the path,
/// compared as RFC 3986, 6.2.2 and 6.2.3 say, without query and fragment. `path` is as the
/// request has it, and may have a query behind it. The origins are normal.
bool is_target(std::string_view htu, const std::vector<std::string>& origins,
               std::string_view path);

}  // namespace api
