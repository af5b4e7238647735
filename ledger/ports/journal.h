#pragma once

#include <array>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/ports/entry_log.h"
#include "ledger/records/entry.h"
#include "ledger/records/rule_pack.h"
#include "ledger/values/digest.h"
#include "ledger/values/result.h"

namespace ledger {

/// The most items that one commit group may hold, accepted or not.
inline constexpr std::size_t group_items_max = 4096;

/// What one commit puts into the journal: it becomes durable whole or not at all.
struct CommitGroup {
  Position position;     ///< the group's own place; its entries take the places after it
  Instant committed_at;  ///< wall clock, but never falls; nothing is decided by it
  RulePackHash rule_pack{};
  /// The rules themselves, in the first group under them, so that the journal explains itself.
  std::optional<std::map<int, AnnualCeiling>> new_rules;
  std::vector<Entry> entries;
  std::vector<Tally> tallies;

  Position next_position() const { return Position{position.value() + 1 + entries.size()}; }
};

/// A group with the texts of the answers it gives, one for each request.
struct AnsweredGroup {
  const CommitGroup& group;
  std::span<const std::string> result_texts;
};

/// A neighbour on the way from a leaf of the Merkle tree to its root.
struct MerkleStep {
  bool is_left = false;  ///< the neighbour stands on the left
  Digest hash{};
};

/// What proves a group: signed root, and for each request the path from the hash of its results.
struct Seal {
  Digest root{};
  std::string key_id;
  Signature signature{};
  std::vector<std::vector<MerkleStep>> paths;
};

/// The log of commit groups: the truth that everything else is derived from. Embedded it is a local
/// file; past one machine it is a replicated log. One append at a time, from whichever thread; what
/// it holds may be read by any.
class Journal : public EntryLog {
 public:
  /// The seals of the groups, in their order, or why they are not durable.
  using Appended = std::function<void(Result<std::vector<Seal>>)>;

  /// Seals the groups, each together with its answers, and tells `appended` once when all are on
  /// stable storage: before it returns, or later on a thread of the journal. The groups follow each
  /// other and become durable together. After an error the journal may hold the first few of them;
  /// nobody knows how many. What it throws it throws before it has told anything. REQUIRES: the
  /// append before has been told of; what the groups refer to stays until this one is.
  virtual void append(std::span<const AnsweredGroup> groups, Appended appended) = 0;

  /// Where the next group goes.
  virtual Position next_position() const = 0;

  /// When the newest group was committed; `first_instant` when there is none. Asked by the thread
  /// that appends. No later group is to say an earlier time, whatever the clock says.
  virtual Instant newest_commit() const = 0;

 protected:
  Journal() = default;
  Journal(const Journal&) = default;
  Journal& operator=(const Journal&) = default;
};

/// Returns what the append came to.
inline Result<std::vector<Seal>> append_and_wait(Journal& journal,
                                                 std::span<const AnsweredGroup> groups) {
  std::promise<Result<std::vector<Seal>>> told;
  journal.append(groups,
                 [&told](Result<std::vector<Seal>> seals) { told.set_value(std::move(seals)); });
  return told.get_future().get();
}

}  // namespace ledger
