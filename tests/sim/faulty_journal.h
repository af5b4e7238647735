#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/journal.h"

namespace sim {

/// The disk under the journal: keeps records in the real format, survives every crash, and fails
/// when told to.
///
/// Fault model: an append leaves the whole record or nothing (a torn write is found by its checksum
/// and dropped; the storage tests do that on real files). Either way the writer may be told that it
/// failed. What was kept is never changed.
class FaultyJournal final : public ledger::Journal {
 public:
  enum class Fault {
    none,
    append_lost,  ///< nothing is kept, and the writer is told so
    answer_lost,  ///< the record is kept, but the writer is told that it failed
  };

  /// What happens to the next append.
  void plan(Fault fault) { fault_ = fault; }

  ledger::Result<ledger::Seal> append(const ledger::CommitGroup& group,
                                      std::span<const std::string> result_texts) override;
  ledger::Position next_position() const override { return next_position_; }

  /// Keeps a record that another journal made, after those that are there. Throws CheckFailed when
  /// it does not decode.
  void keep(ledger::Position position, std::string_view bytes);

  /// Every group from the one at `first` on, decoded, in order; until `use` returns an error.
  ledger::Result<void> replay(
      ledger::Position first,
      const std::function<ledger::Result<void>(const ledger::CommitGroup&)>& use) const;

  /// Checks that positions continue, that each record names the root of the one before, and that
  /// each root is that of its leaves. Throws CheckFailed.
  void check_chain() const;

 private:
  struct Record {
    ledger::Position position;
    std::string bytes;
  };

  Fault fault_ = Fault::none;
  std::vector<Record> records_;
  ledger::Position next_position_{1};
  ledger::Digest head_root_{};
};

}  // namespace sim
