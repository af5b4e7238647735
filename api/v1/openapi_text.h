#pragma once

#include <string_view>

namespace api {

/// The API description, api/openapi.yaml, as it was when the program was built.
extern const std::string_view openapi_text;

}  // namespace api
