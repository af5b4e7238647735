#include "storage/files/lines.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace storage {

std::optional<std::string> read_lines(const std::filesystem::path& file, std::uint64_t offset,
                                      std::size_t bytes_max) {
  const std::uint64_t size = std::filesystem::file_size(file);
  std::ifstream stream(file, std::ios::binary);
  const auto fail = [&]() -> std::runtime_error {
    return std::runtime_error("cannot read " + file.string());
  };
  if (offset > size) return std::nullopt;
  if (offset != 0) {
    stream.seekg(static_cast<std::streamoff>(offset - 1));
    const int before = stream.get();
    if (!stream) throw fail();
    if (before != '\n') return std::nullopt;
  }
  std::string lines;
  for (;;) {
    const std::size_t known = lines.size();
    lines.resize(known + std::min<std::uint64_t>(bytes_max, size - offset - known));
    stream.seekg(static_cast<std::streamoff>(offset + known));
    stream.read(lines.data() + known, static_cast<std::streamsize>(lines.size() - known));
    if (!stream) throw fail();
    const bool is_at_end = offset + lines.size() == size;
    if (known == 0 && is_at_end) return lines;
    // The last end of a line within the bound, or the end of the one that is longer.
    const std::size_t end = known == 0 ? lines.rfind('\n') : lines.find('\n', known);
    if (end != std::string::npos) lines.resize(end + 1);
    if (end != std::string::npos || is_at_end) return lines;
  }
}

}  // namespace storage
