#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace storage {

/// What stands in a key file. Throws std::runtime_error when it is missing, or others can read it.
std::string read_secret(const std::filesystem::path& path);

/// The line of a key file that says who had the key made; empty for nobody.
std::string made_by_line(std::string_view maker);

/// Who it is, by such a line in the text of a key file; empty without one.
std::string maker_in(std::string_view text);

}  // namespace storage
