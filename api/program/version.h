#pragma once

#include <string_view>

namespace api {

/// Of this build: the project's version, and the commit it was built from.
extern const std::string_view program_version;
extern const std::string_view program_commit;

}  // namespace api
