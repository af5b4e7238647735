#include "api/commands/server_job.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

namespace api {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds poll_interval{200};
constexpr std::chrono::seconds wait_interval{1};
constexpr std::chrono::minutes put_off_max{5};
constexpr unsigned pause_s_max = 60;

/// What is said when the command is interrupted. The handler of a signal may use no more than this.
std::string last_words;

extern "C" void say_last_words(int signal_number) {
  const ssize_t ignored = ::write(STDERR_FILENO, last_words.data(), last_words.size());
  static_cast<void>(ignored);
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

/// While it lives, an interrupted command says that the server goes on.
class InterruptNote {
 public:
  InterruptNote(const std::string& name, const std::string& location) {
    last_words = fmt::format(
        "\nfrikort: the server goes on with the {}; GET {} says how far it is\n", name, location);
    ::signal(SIGINT, say_last_words);
    ::signal(SIGTERM, say_last_words);
  }
  ~InterruptNote() {
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGTERM, SIG_DFL);
  }
  InterruptNote(const InterruptNote&) = delete;
  InterruptNote& operator=(const InterruptNote&) = delete;
};

HttpClient::Answer start(HttpClient& client, const ServerJob& wanted) {
  for (bool is_told = false;; is_told = true) {
    HttpClient::Answer answer = client.post(wanted.target, wanted.request);
    if (answer.status != 409) return answer;
    if (!wanted.waits) {
      throw std::runtime_error(problem_text(answer) + " Remedy: --wait waits for its end.");
    }
    if (!is_told) fmt::print(stderr, "{}\n", problem_text(answer));
    std::this_thread::sleep_for(wait_interval);
  }
}

void report_progress(const json::object& job, const storage::ReportProgress& report) {
  const json::value* const progress = job.if_contains("progress");
  if (progress == nullptr) return;
  report(json::value_to<std::string>(progress->at("phase")),
         json::value_to<std::string>(progress->at("unit")),
         json::value_to<std::uint64_t>(progress->at("done")),
         json::value_to<std::uint64_t>(progress->at("total")));
}

}  // namespace

HttpClient::Answer get_when_ready(HttpClient& client, const std::string& target) {
  const auto end = std::chrono::steady_clock::now() + put_off_max;
  for (;;) {
    HttpClient::Answer answer = client.get(target);
    const bool is_put_off = answer.status == 429 || answer.status == 503;
    if (!is_put_off || std::chrono::steady_clock::now() >= end) return answer;
    const unsigned pause_s = std::clamp(answer.retry_after_s, 1U, pause_s_max);
    std::this_thread::sleep_for(std::chrono::seconds{pause_s});
  }
}

ServerJobResult run_server_job(HttpClient& client, const ServerJob& wanted,
                               const storage::ReportProgress& report) {
  const HttpClient::Answer started = start(client, wanted);
  require_status(started, 202);
  const InterruptNote note(wanted.name, started.location);
  for (;; std::this_thread::sleep_for(poll_interval)) {
    const HttpClient::Answer answer = get_when_ready(client, started.location);
    require_status(answer, 200);
    json::object job = json::parse(answer.body).as_object();
    const std::string state = json::value_to<std::string>(job.at("state"));
    if (state == "done") return {started.location, std::move(job)};
    if (state != "running") {
      throw std::runtime_error("the server could not make the " + wanted.name + ": " +
                               json::value_to<std::string>(job.at("error")));
    }
    report_progress(job, report);
  }
}

}  // namespace api
