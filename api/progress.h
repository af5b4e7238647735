#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace api {

/// Progress of long work on standard error: a bar on a terminal, else one JSON line a second.
class Progress {
 public:
  /// `total` 0: not known. `unit` is what is counted, in the plural.
  Progress(std::string phase, std::string unit, std::uint64_t total);
  /// Redraws at most ten times a second.
  void update(std::uint64_t done);
  /// The last line; call once.
  void finish(std::uint64_t done);

 private:
  void draw(std::uint64_t done, bool is_last);

  const std::string phase_;
  const std::string unit_;
  const std::uint64_t total_;
  const bool is_terminal_;
  const std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace api
