#include "api/program/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "storage/json/json.h"

namespace api {
namespace {

using storage::Json;

constexpr std::size_t usual_columns = 80;
constexpr std::size_t bar_columns_min = 5;
constexpr std::size_t bar_columns_max = 30;

std::size_t terminal_columns() {
  winsize size{};
  const bool is_told = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  return is_told ? size.ws_col : usual_columns;
}

std::string bar_of(double share, std::size_t columns) {
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(columns));
  return " [" + std::string(filled, '#') + std::string(columns - filled, '.') + ']';
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

/// Bytes in a unit that people read, other things as they are.
std::string amount_text(double amount, std::string_view unit) {
  if (unit != "bytes") return fmt::format("{:.0f}", amount);
  static constexpr std::array<std::string_view, 5> units{"B", "kB", "MB", "GB", "TB"};
  std::size_t power = 0;
  for (; amount >= 1000 && power + 1 < units.size(); ++power) amount /= 1000;
  return power == 0 ? fmt::format("{:.0f} B", amount)
                    : fmt::format("{:.1f} {}", amount, units[power]);
}

double share_of(const ProgressFigures& figures) {
  if (figures.total == 0) return figures.is_finished ? 1 : 0;
  return std::min(1.0, static_cast<double>(figures.done) / static_cast<double>(figures.total));
}

double rate_of(const ProgressFigures& figures) {
  return figures.seconds > 0 ? static_cast<double>(figures.done) / figures.seconds : 0;
}

/// Seconds that are left when it goes on like this.
double left_of(const ProgressFigures& figures) {
  const double share = share_of(figures);
  return share > 0 ? figures.seconds / share - figures.seconds : 0;
}

}  // namespace

std::string progress_bar(const ProgressFigures& figures, std::size_t columns) {
  const bool has_share = figures.total != 0 || figures.is_finished;
  std::string text = has_share ? fmt::format(" {:3.0f} %", share_of(figures) * 100) : "";
  text += ' ' + amount_text(static_cast<double>(figures.done), figures.unit);
  if (figures.unit != "bytes") text += ' ' + figures.unit;
  text += fmt::format(", {}/s, ", amount_text(rate_of(figures), figures.unit));
  const bool is_left_known = has_share && !figures.is_finished;
  text += duration_text(is_left_known ? left_of(figures) : figures.seconds);
  if (is_left_known) text += " left";
  std::string line = figures.phase;
  constexpr std::size_t frame = 3;  // a space and two brackets
  const std::size_t taken = line.size() + text.size() + frame;
  if (has_share && taken + bar_columns_min <= columns) {
    line += bar_of(share_of(figures), std::min(bar_columns_max, columns - taken));
  }
  return (line + text).substr(0, columns);
}

std::string progress_line(const ProgressFigures& figures) {
  const bool has_total = figures.total != 0;
  Json line = Json::object({{"phase", figures.phase},
                            {"done", figures.done},
                            {"total", has_total ? Json(figures.total) : Json()},
                            {"unit", figures.unit},
                            {"perSecond", Json::fixed(rate_of(figures), 0)}});
  if (has_total) line.add("secondsLeft", Json::fixed(left_of(figures), 0));
  line.add("finished", figures.is_finished);
  return line.text();
}

Progress::Progress(ProgressFigures figures)
    : figures_(std::move(figures)),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      begin_(Clock::now()),
      next_(begin_ + interval()) {}

Progress::Progress(std::string phase, std::string unit, std::uint64_t total)
    : Progress(ProgressFigures{std::move(phase), std::move(unit), 0, total, 0, false}) {}

/// Whatever comes next begins on a line of its own.
Progress::~Progress() {
  if (is_terminal_ && is_drawn_ && !figures_.is_finished) std::fputc('\n', stderr);
}

void Progress::update(std::uint64_t done) {
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + interval();
  figures_.done = done;
  draw();
}

std::chrono::milliseconds Progress::interval() const {
  return std::chrono::milliseconds{is_terminal_ ? 100 : 1000};
}

void Progress::finish(std::uint64_t done) {
  figures_.done = done;
  figures_.total = done;
  figures_.is_finished = true;
  draw();
}

void Progress::draw() {
  is_drawn_ = true;
  figures_.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  std::string line;
  if (is_terminal_) {
    // The last column stays free: some terminals begin the next line when it is written.
    line = '\r' + progress_bar(figures_, terminal_columns() - 1) + "\033[K";
    if (figures_.is_finished) line += '\n';
  } else {
    line = progress_line(figures_) + '\n';
  }
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void PhasedProgress::update(std::string_view phase, std::string_view unit, std::uint64_t done,
                            std::uint64_t total) {
  if (phase.empty()) return;
  if (progress_ == nullptr || phase != phase_) {
    finish();
    phase_ = phase;
    progress_ = std::make_unique<Progress>(phase_, std::string(unit), total);
  }
  done_ = done;
  total_ = total;
  progress_->update(done);
}

void PhasedProgress::finish() {
  // A phase too short to be shown leaves no line.
  if (progress_ != nullptr && progress_->is_drawn()) {
    progress_->finish(total_ != 0 ? total_ : done_);
  }
  progress_.reset();
}

storage::ReportProgress PhasedProgress::report() {
  return [this](std::string_view phase, std::string_view unit, std::uint64_t done,
                std::uint64_t total) { update(phase, unit, done, total); };
}

}  // namespace api
