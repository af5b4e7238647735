#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/state/mix.h"

namespace storage {

/// The same everywhere, for short texts.
struct TextHash {
  std::size_t operator()(std::string_view text) const {
    std::uint64_t value = 0;
    for (const char c : text) value = value * 31 + static_cast<unsigned char>(c);
    return mix(value);
  }
};

}  // namespace storage
