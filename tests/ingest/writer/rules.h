#pragma once

#include "tests/support/builders.h"

namespace ingest::test {

/// What the writers of the tests decide by.
inline const ledger::RulePack& rules() {
  static const ledger::RulePack pack = ledger::test::published_rules();
  return pack;
}

}  // namespace ingest::test
