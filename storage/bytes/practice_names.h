#pragma once

#include <vector>

#include "ledger/records/entry.h"
#include "ledger/values/ids.h"

namespace storage {

/// The identifiers of the practices, as the entries of a journal introduce them one after another:
/// a record names a practice by its number, and a leaf needs its own identifier.
class PracticeNames {
 public:
  /// Gives an entry its practice's identifier, or learns it. False when the entry names a practice
  /// out of turn.
  bool complete(ledger::Entry& entry);

 private:
  bool complete(ledger::PracticeNumber number, bool is_new, ledger::PracticeId& id);

  std::vector<ledger::PracticeId> practices_;  // number 1 is the first
};

}  // namespace storage
