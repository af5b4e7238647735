#include "ingest/writer/prompt_thread.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace ingest {
namespace {

/// As the system calls have it; the C library of Debian 12 does not know it.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  ///< of ordinary threads the slice, in nanoseconds
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

/// The shortest there is: who has a shorter slice than the one that runs may take its place.
constexpr std::uint64_t slice_ns = 100'000;

}  // namespace

void be_prompt() {
  SchedulingAttributes attributes;
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  attributes.runtime = slice_ns;
  // Where it is not allowed the thread is as prompt as others.
  static_cast<void>(::syscall(SYS_sched_setattr, 0, &attributes, 0));
}

}  // namespace ingest
