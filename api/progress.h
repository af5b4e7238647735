#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/report_progress.h"

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
  bool is_drawn() const { return is_drawn_; }

 private:
  void draw(std::uint64_t done, bool is_last);
  std::chrono::milliseconds interval() const;

  const std::string phase_;
  const std::string unit_;
  const std::uint64_t total_;
  const bool is_terminal_;
  const std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point next_;
  bool is_drawn_ = false;
};

/// Shows the phases of long work one after another.
class PhasedProgress {
 public:
  ~PhasedProgress() { finish(); }

  void update(std::string_view phase, std::string_view unit, std::uint64_t done,
              std::uint64_t total);
  /// Ends the line of the last phase.
  void finish();
  /// Valid as long as this is.
  storage::ReportProgress report();

 private:
  std::unique_ptr<Progress> progress_;
  std::string phase_;
  std::uint64_t done_ = 0;
};

}  // namespace api
