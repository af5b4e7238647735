#pragma once

#include <chrono>
#include <cstddef>

namespace api {

/// How the national card query is served.
struct NationalSettings {
  bool is_served = true;
  std::size_t body_bytes_max = 64U << 10;
  /// How long clients may use an encryption key after it was made.
  std::chrono::hours key_life = std::chrono::days{90};
  /// How old the newest one becomes before another is made.
  std::chrono::hours key_age_max = std::chrono::days{30};
};

}  // namespace api
