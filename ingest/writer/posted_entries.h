#pragma once

#include <mutex>
#include <span>
#include <vector>

#include "ledger/ports/entry_log.h"
#include "ledger/ports/journal.h"

namespace ingest {

/// The entries that have been posted: of the group that is being built, of the groups on their way
/// to the journal, and of the journal.
///
/// Concurrency: one thread builds; another takes groups away as they are committed.
class PostedEntries final : public ledger::EntryLog {
 public:
  explicit PostedEntries(const ledger::Journal& journal) : journal_(journal) {}

  // For the thread that builds.
  /// From now on this group is being built; the entries that it gets are found.
  void begin(const ledger::CommitGroup& group) { building_ = &group; }
  /// It has been built, and waits for the journal. Its entries stay where they are until remove().
  void end();
  ledger::Result<ledger::Entry> entry_at(ledger::Position position) const override;

  /// The journal has the group, or will never have it. In the latter case nothing that it had is
  /// found any more: `store_unavailable`.
  void remove(const ledger::CommitGroup& group);

 private:
  struct Group {
    ledger::Position position;
    std::span<const ledger::Entry> entries;  // they take the places after it
  };

  const ledger::Journal& journal_;
  const ledger::CommitGroup* building_ = nullptr;
  mutable std::mutex mutex_;
  std::vector<Group> waiting_;
};

}  // namespace ingest
