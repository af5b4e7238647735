#pragma once

#include "api/identity/caller.h"

namespace api {

/// The one step between the head of a request and its handler: it says who calls, and whether that
/// caller may. Without tokens everybody is `anonymous` and has every role.
class Gate {
 public:
  enum class Verdict : std::uint8_t { admitted, forbidden };

  /// Names the caller, and judges whether the route is for it.
  Verdict admit(const Access& access, Caller& caller) const;
};

}  // namespace api
