#pragma once

#include <filesystem>
#include <string>

namespace storage {

/// What stands in a key file. Throws std::runtime_error when it is missing, or others can read it.
std::string read_secret(const std::filesystem::path& path);

}  // namespace storage
