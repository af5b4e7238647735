#pragma once

#include <cstddef>
#include <vector>

#include "ledger/ports/journal.h"
#include "ledger/reference/reference.h"
#include "storage/closing/person_years.h"
#include "storage/closing/reconciliation_parts.h"

namespace storage {

/// Works person-years out again: given all entries of one in position order, gives what follows
/// from them by the slow reference, and each difference from what is stored. This is the one place
/// of a reconciliation where anything is decided anew; everything else collects or adds up.
class Recomputation {
 public:
  /// `rule_packs` are those that the journal has had, which the entries name by number.
  Recomputation(int year, ledger::Money ceiling,
                const std::vector<ledger::RulePackHash>& rule_packs,
                const UseDifference& use_difference)
      : year_(year), ceiling_(ceiling), rule_packs_(rule_packs), use_difference_(use_difference) {}

  /// Recomputes the person-year and compares it with the account and the events of the state.
  ledger::ReferenceAccount check(const PersonYear& year) const;

  /// As the person-year was after its first `count` entries.
  ledger::ReferenceAccount recompute(const PersonYear& year, std::size_t count) const;

 private:
  const int year_;
  const ledger::Money ceiling_;
  const std::vector<ledger::RulePackHash>& rule_packs_;
  const UseDifference& use_difference_;
};

}  // namespace storage
