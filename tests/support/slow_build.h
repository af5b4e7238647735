#pragma once

namespace ledger::test {

/// Sanitizers and missing optimisation make a step many times slower; the release build goes deep.
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_slow_build = true;
#else
inline constexpr bool is_slow_build = false;
#endif

}  // namespace ledger::test
