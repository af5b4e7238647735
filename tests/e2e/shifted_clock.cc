// Loaded before the C library (LD_PRELOAD): shows programs another day. The wall clock is ahead of
// the machine's by FRIKORT_CLOCK_OFFSET seconds; monotonic clocks, and timers that use them, go as
// they do. See scripts/test_dates.

#include <dlfcn.h>
#include <pthread.h>
#include <sys/time.h>

#include <cstdlib>
#include <ctime>

namespace {

std::time_t offset_seconds() {
  static const char* const text = std::getenv("FRIKORT_CLOCK_OFFSET");
  static const std::time_t seconds = text == nullptr ? 0 : std::atol(text);
  return seconds;
}

template <class Function>
Function next(const char* name, const char* version) {
  return reinterpret_cast<Function>(::dlvsym(RTLD_NEXT, name, version));
}

/// No machine has been up for so long, and no wall clock is so far back.
constexpr std::time_t monotonic_seconds_max = 1'000'000'000;

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto real = next<int (*)(clockid_t, timespec*)>("clock_gettime", "GLIBC_2.17");
  const int status = real(clock, time);
  const bool is_wall_clock = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (status == 0 && is_wall_clock) time->tv_sec += offset_seconds();
  return status;
}

int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  const int status = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return status;
}

std::time_t time(std::time_t* given) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (given != nullptr) *given = now.tv_sec;
  return now.tv_sec;
}

/// The kernel waits by its own clock.
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  static const auto real = next<int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*)>(
      "pthread_cond_timedwait", "GLIBC_2.3.2");
  timespec machines = *until;
  if (machines.tv_sec > monotonic_seconds_max) machines.tv_sec -= offset_seconds();
  return real(condition, mutex, &machines);
}

}  // extern "C"
