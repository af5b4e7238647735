#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace storage {

/// Whole lines of a file from `offset` on, together at most `bytes_max` long. A line that is longer
/// comes alone. Empty at the end of the file. Nothing when no line begins at the offset. Throws
/// std::runtime_error when the file cannot be read.
std::optional<std::string> read_lines(const std::filesystem::path& file, std::uint64_t offset,
                                      std::size_t bytes_max);

}  // namespace storage
