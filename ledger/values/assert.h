#pragma once

namespace ledger {

/// Prints the broken invariant to standard error and aborts. Stays on in release builds: a ledger
/// that has lost an invariant must stop before it writes. Never used on user input.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace ledger

#define LEDGER_ASSERT(condition)                       \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::ledger::assertion_failed(#condition, __FILE__, __LINE__))
