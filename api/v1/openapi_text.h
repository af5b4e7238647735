#pragma once

#include <string>

namespace api {

/// The API description, api/openapi.yaml, as it was when the program was built.
std::string openapi_text();

}  // namespace api
