#include "api/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace api {
namespace {

using Clock = std::chrono::steady_clock;

std::string bar_of(double share) {
  constexpr int width = 30;
  const int filled = static_cast<int>(share * width);
  std::string bar;
  for (int i = 0; i < width; ++i) bar += i < filled ? '#' : '.';
  return bar;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

Progress::Progress(std::string phase, std::string unit, std::uint64_t total)
    : phase_(std::move(phase)),
      unit_(std::move(unit)),
      total_(total),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      begin_(Clock::now()),
      next_(begin_ + interval()) {}

void Progress::update(std::uint64_t done) {
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + interval();
  draw(done, false);
}

std::chrono::milliseconds Progress::interval() const {
  return std::chrono::milliseconds{is_terminal_ ? 100 : 1000};
}

void Progress::finish(std::uint64_t done) { draw(done, true); }

void Progress::draw(std::uint64_t done, bool is_last) {
  const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const double share =
      total_ == 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
  const double left = share > 0 ? seconds / share - seconds : 0;
  is_drawn_ = true;
  std::string line;
  if (!is_terminal_) {
    line = fmt::format(R"({{"phase":"{}","done":{},"total":{},"unit":"{}","perSecond":{:.0f})",
                       phase_, done, total_ == 0 ? "null" : std::to_string(total_), unit_, rate);
    line += total_ == 0 ? std::string() : fmt::format(R"(,"secondsLeft":{:.0f})", left);
    line += fmt::format(R"(,"finished":{}}})", is_last) + "\n";
  } else if (total_ == 0) {
    line = fmt::format("\r{} {} {}, {:.0f}/s, {} \033[K", phase_, done, unit_, rate,
                       duration_text(seconds));
  } else {
    line = fmt::format("\r{} [{}] {:3.0f} %, {} {}, {:.0f}/s, {} left \033[K", phase_,
                       bar_of(share), share * 100, done, unit_, rate, duration_text(left));
  }
  if (is_terminal_ && is_last) line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void PhasedProgress::update(std::string_view phase, std::string_view unit, std::uint64_t done,
                            std::uint64_t total) {
  if (progress_ == nullptr || phase != phase_) {
    finish();
    phase_ = phase;
    progress_ = std::make_unique<Progress>(phase_, std::string(unit), total);
  }
  done_ = done;
  progress_->update(done);
}

void PhasedProgress::finish() {
  // A phase too short to be shown leaves no line.
  if (progress_ != nullptr && progress_->is_drawn()) progress_->finish(done_);
  progress_.reset();
}

storage::ReportProgress PhasedProgress::report() {
  return [this](std::string_view phase, std::string_view unit, std::uint64_t done,
                std::uint64_t total) { update(phase, unit, done, total); };
}

}  // namespace api
