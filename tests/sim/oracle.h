#pragma once

#include <memory>
#include <vector>

#include "ingest/writer/submission.h"
#include "ledger/records/rule_pack.h"
#include "tests/sim/faulty_journal.h"
#include "tests/sim/options.h"
#include "tests/support/memory_store.h"

namespace sim {

/// Who knows what has to be answered, and what then has to be so. The checks throw CheckFailed.
class Oracle {
 public:
  virtual ~Oracle() = default;

  /// A commit group begins: it has a position itself.
  virtual void begin_group() = 0;
  /// What the items have to be answered. They take effect.
  virtual std::vector<ledger::Outcome> submit(const ingest::Submission& submission,
                                              const ledger::RulePack& rules) = 0;
  virtual ledger::Position next_position() const = 0;

  /// What is kept of this person.
  virtual void check_person(ledger::PersonId person, const ledger::test::MemoryStore& store) = 0;
  /// Everything that is kept: nothing is missing, different or too much.
  virtual void check_state(const ledger::test::MemoryStore& store) const = 0;
  /// What the journal says of each entry, beside the item or event itself.
  virtual void check_journal(const FaultyJournal& journal) const = 0;

 protected:
  Oracle() = default;
  Oracle(const Oracle&) = default;
  Oracle& operator=(const Oracle&) = default;
};

/// Where registries tell nothing the model alone, which shares nothing with the product; else the
/// model of registries, which asks the slow reference.
std::unique_ptr<Oracle> make_oracle(const Options& options);

}  // namespace sim
