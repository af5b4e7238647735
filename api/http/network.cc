#include "api/http/network.h"

#include <pthread.h>
#include <sys/resource.h>

#include <boost/asio/post.hpp>
#include <latch>
#include <memory>

namespace api {
namespace {

/// They get a tenth of the time of a thread that is not nice.
constexpr int costly_niceness = 10;

}  // namespace

Network::Network(std::size_t threads, const HttpLimits& given) : limits(given), lanes(threads) {
  asio::post(patient, [] {
    const sched_param no_priority{};
    // Where that is not allowed it works as fast as the others.
    (void)pthread_setschedparam(pthread_self(), SCHED_IDLE, &no_priority);
  });
  // Each of these threads comes by once, because it waits for the others here.
  auto all_are_here = std::make_shared<std::latch>(costly_threads);
  for (std::size_t i = 0; i < costly_threads; ++i) {
    asio::post(costly, [all_are_here] {
      // Of this thread alone, on Linux.
      (void)setpriority(PRIO_PROCESS, 0, costly_niceness);
      all_are_here->arrive_and_wait();
    });
  }
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
