#include "api/http/network.h"

#include <sys/resource.h>

#include <algorithm>

#include "ingest/writer/prompt_thread.h"

namespace api {
namespace {

/// A seventieth of the time of a thread that is not nice: hardly any, and yet nobody who waits for
/// what this thread holds waits for ever.
constexpr int niceness = 19;

}  // namespace

Network::Network(std::size_t threads, const HttpLimits& given)
    : limits(given),
      lanes(threads),
      costly_threads(std::max(1U, std::thread::hardware_concurrency())) {}

void be_nice() {
  // Of this thread alone, on Linux. Where that is not allowed it works as fast as the others.
  thread_local const int is_nice = setpriority(PRIO_PROCESS, 0, niceness);
  (void)is_nice;
}

const std::string& HttpDate::now() {
  const std::time_t second = std::time(nullptr);
  if (second != second_) {
    second_ = second;
    std::tm parts{};
    gmtime_r(&second, &parts);
    std::array<char, 32> text{};
    const std::size_t size =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    text_.assign(text.data(), size);
  }
  return text_;
}

/// Before the thread sleeps it lets others run once and looks again: to be woken costs more than a
/// query. Not while it waits for a commit group, whose thread can use the processor.
void Lane::run() {
  ingest::be_prompt();
  while (!context.stopped()) {
    if (context.poll() != 0) continue;
    if (awaited_submissions == 0) {
      std::this_thread::yield();
      if (context.poll() != 0) continue;
    }
    context.run_one();
  }
}

}  // namespace api
