#pragma once

#include <string>

#include "api/identity/issuer_keys.h"

namespace api {

/// GET over HTTPS of a small public text. The certificate is verified by the CA in the file, or by
/// the system's when that is empty. Redirects are not followed. Throws std::runtime_error when it
/// takes longer than five seconds, is larger than a megabyte, or is answered with anything but 200.
Fetched https_get(const std::string& url, const std::string& ca_file);

}  // namespace api
