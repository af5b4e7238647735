#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/files/report_progress.h"

namespace api {

/// How far long work is.
struct ProgressFigures {
  std::string phase;
  std::string unit;  ///< what is counted, in the plural; `bytes` are shown as MB
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< 0: not known
  double seconds = 0;       ///< since the begin
  bool is_finished = false;
};

/// The figures as one line of at most so many columns, without its end.
std::string progress_bar(const ProgressFigures& figures, std::size_t columns);
/// The same for machines, as a JSON object.
std::string progress_line(const ProgressFigures& figures);

/// Progress of long work on standard error: a bar on a terminal, else one JSON line a second. Work
/// that ends without finish() has not been done, and is not shown as finished.
class Progress {
 public:
  /// Of `figures` the phase, the unit and the total count.
  explicit Progress(ProgressFigures figures);
  Progress(std::string phase, std::string unit, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Redraws at most ten times a second.
  void update(std::uint64_t done);
  /// The last line: all is done, which makes the total known. Call once.
  void finish(std::uint64_t done);
  bool is_drawn() const { return is_drawn_; }

 private:
  using Clock = std::chrono::steady_clock;

  void draw();
  std::chrono::milliseconds interval() const;

  ProgressFigures figures_;
  const bool is_terminal_;
  const Clock::time_point begin_;
  Clock::time_point next_;
  bool is_drawn_ = false;
};

/// Shows the phases of long work one after another. The next phase finishes the one before.
class PhasedProgress {
 public:
  /// A phase without a name has not begun, and is not shown.
  void update(std::string_view phase, std::string_view unit, std::uint64_t done,
              std::uint64_t total);
  /// The last phase is done.
  void finish();
  /// Valid as long as this is.
  storage::ReportProgress report();

 private:
  std::unique_ptr<Progress> progress_;
  std::string phase_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace api
