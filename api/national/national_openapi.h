#pragma once

#include <string_view>

namespace api {

/// The description of the national card query, api/national/openapi.yaml, as it was when the
/// program was built.
extern const std::string_view national_openapi;

}  // namespace api
