#include "api/http/name_lookup.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <chrono>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace {

constexpr std::string_view silent_host = "silent.test";

}  // namespace

/// In the place of the C library's, for the whole test program: a name server that does not answer.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  if (host != nullptr && host == silent_host) std::this_thread::sleep_for(std::chrono::minutes{1});
  static const auto real =
      reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(host, service, hints, found);
}

namespace api::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

TEST(NameLookup, finds_addresses) {
  const auto found = look_up("127.0.0.1", "443", Clock::now() + seconds{10});
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.begin()->endpoint().port(), 443);
}

TEST(NameLookup, ends_at_the_deadline_when_nobody_answers) {
  const auto begin = Clock::now();
  EXPECT_THROW(look_up(std::string(silent_host), "443", begin + std::chrono::milliseconds{50}),
               std::runtime_error);
  EXPECT_LT(Clock::now() - begin, seconds{10});
}

}  // namespace
}  // namespace api::test
