#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "ingest/writer/submission.h"
#include "ledger/ports/journal.h"
#include "ledger/rules/ledger.h"

namespace ingest {

/// A commit group under way: what the journal shall get, and whom to answer.
struct PendingGroup {
  ledger::CommitGroup group;
  std::vector<std::unique_ptr<Submission>> submissions;

  /// Whether the journal gets the group: it does not when nothing but dry runs was taken.
  bool is_kept() const {
    return std::any_of(submissions.begin(), submissions.end(),
                       [](const auto& submission) { return !submission->is_dry_run; });
  }
};

/// Called for every item whose answer tells whether the person has a card: exemption F was asked
/// for and nothing before that question refused it, or a dry run is told of a co-payment. `exempt`
/// is what it is told: nothing when the answer says neither, as for a submission that is aborted
/// for another item's sake. An error means that it cannot be logged.
using AccessNote = std::function<ledger::Result<void>(const Submission&, const ParsedItem&,
                                                      std::optional<bool> exempt)>;

/// The single writer of a ledger, without threads: build() posts a group on the state in memory,
/// commit() makes groups durable and completes the answers. build() of the next group may run while
/// commit() of those before it does; each of the two by one thread at a time, groups in order.
class GroupWriter {
 public:
  /// `are_rules_new`: the first group tells the journal the rules.
  GroupWriter(ledger::Store& store, ledger::Journal& journal, const ledger::RulePack& rules,
              bool are_rules_new, AccessNote note_access);

  /// Posts the submissions in `pending`, at most group_items_max items in all. After an error the
  /// state in memory is worthless: no further group may be built. A group that is not kept takes no
  /// position and changes nothing.
  ledger::Result<void> build(PendingGroup& pending, ledger::Instant now);

  /// The groups share one sync. After an error it is unknown how many of them are kept: nobody may
  /// be told of their results, and no later group may be committed.
  ledger::Result<void> commit(std::span<PendingGroup> groups);

 private:
  using TallyKey = std::tuple<std::string, ledger::Month, ledger::Code>;

  ledger::Result<void> process(Submission& submission, ledger::CommitGroup& group);
  void look_ahead();
  ledger::Result<void> answer_dry_run(Submission& submission, ledger::Position next);
  ledger::Result<bool> passes_rehearsal(Submission& submission, ledger::Position next);
  void tally(const ParsedItem& parsed, ledger::Code code);
  ledger::Result<void> record_tallies(ledger::CommitGroup& group);

  ledger::Store& store_;
  ledger::Journal& journal_;
  const ledger::RulePack& rules_;
  ledger::Ledger ledger_;
  bool are_rules_new_;
  AccessNote note_access_;
  ledger::Position next_position_;
  // Of the group being built.
  std::map<TallyKey, std::uint64_t> tallies_;
  std::vector<const ledger::Item*> items_;  // that have to be decided
  std::size_t decided_ = 0;                 // how many of them are
  std::size_t expected_ = 0;                // how many the store has been told of
};

}  // namespace ingest
