#include "api/runtime/jobs.h"

#include <sys/resource.h>
#include <unistd.h>

#include <stdexcept>

#include "api/program/log.h"
#include "api/program/output.h"

namespace api {
namespace {

/// Nice value of the background thread: the kernel then prefers the threads that answer.
constexpr int background_nice = 10;

/// Jobs that have ended are forgotten beyond this many; what they made is on disk.
constexpr std::size_t remembered_max = 100;

}  // namespace

storage::Json progress_json(const Job& job) {
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - job.phase_begin;
  const double rate = taken.count() > 0 ? static_cast<double>(job.done) / taken.count() : 0;
  storage::Json json = storage::Json::object({{"phase", job.phase},
                                              {"unit", job.unit},
                                              {"done", job.done},
                                              {"total", job.total},
                                              {"perSecond", storage::Json::fixed(rate, 0)}});
  if (rate > 0 && job.total >= job.done) {
    const double seconds_left = static_cast<double>(job.total - job.done) / rate;
    json.add("secondsLeft", storage::Json::fixed(seconds_left, 0));
  }
  return json;
}

bool Jobs::start(const std::string& name, Work work) {
  const std::lock_guard lock(mutex_);
  if (is_running_) return jobs_.back().name == name;
  if (is_stopping_) return false;
  if (thread_.joinable()) thread_.join();
  std::list<Named> added{{name, Job()}};
  // It waits for this lock before it touches what is known of the job.
  std::thread thread([this, name, work = std::move(work)] { run(name, work); });
  std::erase_if(jobs_, [&](const Named& known) { return known.name == name; });
  if (jobs_.size() >= remembered_max) jobs_.pop_front();
  jobs_.splice(jobs_.end(), added);
  is_running_ = true;
  thread_ = std::move(thread);
  return true;
}

void Jobs::run(const std::string& name, const Work& work) {
  // The priority of a thread, not of the process: Linux takes a thread's id here.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), background_nice);
  log(LogLevel::info, "job_started", {{"job", name}});
  const auto report = [&](std::string_view phase, std::string_view unit, std::uint64_t done,
                          std::uint64_t total) {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) throw std::runtime_error(stop_reason_);
    Job& job = jobs_.back().job;
    if (job.phase != phase) {
      job.phase = phase;
      job.phase_begin = std::chrono::steady_clock::now();
    }
    job.unit = unit;
    job.done = done;
    job.total = total;
  };
  std::string result;
  std::string error;
  try {
    result = work(report);
  } catch (const std::exception& exception) {
    error = text_of(exception);
  }
  if (error.empty()) {
    log(LogLevel::info, "job_done", {{"job", name}});
  } else {
    log(is_stopping_ ? LogLevel::info : LogLevel::error,
        is_stopping_ ? "job_interrupted" : "job_failed", {{"job", name}, {"reason", error}});
  }
  const std::lock_guard lock(mutex_);
  Job& job = jobs_.back().job;
  job.state = error.empty() ? Job::State::done : Job::State::failed;
  job.result = std::move(result);
  job.error = std::move(error);
  is_running_ = false;
}

std::optional<Job> Jobs::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  for (const Named& known : jobs_) {
    if (known.name == name) return known.job;
  }
  return std::nullopt;
}

std::string Jobs::running() const {
  const std::lock_guard lock(mutex_);
  return is_running_ ? jobs_.back().name : std::string();
}

void Jobs::stop(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    stop_reason_ = reason;
  }
  if (thread_.joinable()) thread_.join();
}

void Jobs::resume() {
  const std::lock_guard lock(mutex_);
  is_stopping_ = false;
}

}  // namespace api
