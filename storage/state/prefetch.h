#pragma once

#include <cstddef>
#include <string_view>

namespace storage {

/// Says that all of these bytes are going to be read.
inline void prefetch_bytes(std::string_view bytes) {
  constexpr std::size_t cache_line_bytes = 64;
  for (std::size_t at = 0; at < bytes.size(); at += cache_line_bytes) {
    __builtin_prefetch(bytes.data() + at);
  }
}

}  // namespace storage
