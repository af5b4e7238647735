#pragma once

#include <cstddef>
#include <vector>

#include "ledger/ports/journal.h"
#include "ledger/reference/reference.h"
#include "storage/closing/person_year.h"
#include "storage/closing/reconciliation_parts.h"
#include "storage/state/state_reader.h"

namespace storage {

/// A person-year as it follows from its entries.
struct RecomputedYear {
  ledger::ReferenceAccount account;
  bool is_hidden = false;                ///< its person is opted out
  bool is_estate = false;                ///< its person has died
  std::vector<ledger::Position> untold;  ///< merges that nobody has been told of

  /// Whether people have been told of a refund line.
  bool is_told(const ledger::RefundLine& line) const;
};

/// Works person-years out again: given all entries of one in position order, gives what follows
/// from them by the slow reference, and each difference from what is stored. This is the one place
/// of a reconciliation where anything is decided anew; everything else collects or adds up.
class Recomputation {
 public:
  /// `rule_packs` are those that the journal has had, which the entries name by number.
  Recomputation(int year, ledger::Money ceiling, const StateReader& state,
                const std::vector<ledger::RulePackHash>& rule_packs,
                const UseDifference& use_difference)
      : year_(year),
        ceiling_(ceiling),
        state_(state),
        rule_packs_(rule_packs),
        use_difference_(use_difference) {}

  /// Recomputes the person-year and compares it with the account, the events and what is known of
  /// the person in the state.
  RecomputedYear check(const PersonYear& year) const;

  /// What follows from the entries alone.
  ledger::ReferenceAccount recompute(const PersonYear& year) const;

 private:
  RecomputedYear check_person(const PersonYear& year,
                              std::vector<ledger::Difference>& differences) const;
  /// Puts in the rules under which the card was issued.
  void set_rule_pack(const PersonYear& year, ledger::ReferenceAccount& account) const;
  std::optional<ledger::Person> facts_of(ledger::PersonId person) const;

  const int year_;
  const ledger::Money ceiling_;
  const StateReader& state_;
  const std::vector<ledger::RulePackHash>& rule_packs_;
  const UseDifference& use_difference_;
};

}  // namespace storage
