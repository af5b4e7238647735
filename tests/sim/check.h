#pragma once

#include <stdexcept>
#include <string>

namespace sim {

/// What the simulation found: the product broke a promise.
class CheckFailed : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void fail(const std::string& what) { throw CheckFailed(what); }

/// `promise` says what must hold. Costs nothing when it does.
inline void check(bool holds, const char* promise) {
  if (!holds) fail(std::string("broken: ") + promise);
}

}  // namespace sim
