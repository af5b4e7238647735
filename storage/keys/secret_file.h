#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace storage {

/// What stands in a key file. Throws std::runtime_error when it is missing, or others can read it.
std::string read_secret(const std::filesystem::path& path);

/// Makes a key file for its owner only, on stable storage; there must be none. When root makes it,
/// it belongs to whoever owns the folder: a service that is another user has to read it.
void write_new_secret(const std::filesystem::path& path, std::string_view text);

/// Makes a key file so, or puts the text in the place of what stands in one: whole, or not at all.
void replace_secret(const std::filesystem::path& path, std::string_view text);

/// The line of a key file that says who had the key made; empty for nobody.
std::string made_by_line(std::string_view maker);

/// Who it is, by such a line in the text of a key file; empty without one.
std::string maker_in(std::string_view text);

}  // namespace storage
