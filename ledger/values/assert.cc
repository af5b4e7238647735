#include "ledger/values/assert.h"

#include <cstdio>
#include <cstdlib>

namespace ledger {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "invariant broken: %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace ledger
