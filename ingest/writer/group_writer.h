#pragma once

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "ingest/writer/posted_entries.h"
#include "ingest/writer/submission.h"
#include "ledger/ports/journal.h"
#include "ledger/rules/ledger.h"

namespace ingest {

/// A commit group under way: what the journal shall get, and whom to answer.
struct PendingGroup {
  /// What the ledger says of itself, and who waits for the place that it takes. Who waits is left
  /// alone with an exception when there will be none.
  struct Note {
    ledger::Entry entry;
    std::promise<ledger::Position> placed;
  };

  ledger::CommitGroup group;
  std::vector<Note> notes;  ///< the first entries
  std::vector<std::unique_ptr<Submission>> submissions;

  /// Whether the journal gets the group: it does not when nothing but dry runs was taken.
  bool is_kept() const {
    return !notes.empty() ||
           std::any_of(submissions.begin(), submissions.end(),
                       [](const auto& submission) { return !submission->is_dry_run; });
  }
};

/// Logs that an answer tells whether a person has a card. The writer calls it for every such item:
/// one that asked for exemption F and was not refused before that question, and in a dry run a
/// co-payment that is not rejected. `exempt` is what the answer tells; nothing when it tells
/// neither, as for an item that is aborted for another item's sake. An error means that the access
/// cannot be logged: nobody may be told the answer, so a dry run is refused, and of other items no
/// group is built.
using AccessNote = std::function<ledger::Result<void>(const Submission&, const ParsedItem&,
                                                      std::optional<bool> exempt)>;

/// The single writer of a ledger, without threads. build() posts a group on the state in memory.
/// commit() makes groups durable and completes their answers. The next group may be built while
/// those before it are being committed. Each of the two is called by one thread at a time, and
/// groups keep their order.
class GroupWriter {
 public:
  /// After so many entries a group begins with a checkpoint of the state.
  static constexpr std::uint64_t entries_per_checkpoint = 1'000'000;

  /// `are_rules_new`: the first group tells the journal the rules.
  GroupWriter(ledger::Store& store, ledger::Journal& journal, const ledger::RulePack& rules,
              bool are_rules_new, AccessNote note_access, ledger::LedgerSettings settings = {});

  /// Posts the notes and the submissions in `pending`, at most group_items_max of both in all.
  /// After an error the state in memory is worthless: no further group may be built. A group that
  /// is not kept takes no position and changes nothing.
  ledger::Result<void> build(PendingGroup& pending, ledger::Instant now);

  using Committed = std::function<void(ledger::Result<void>)>;
  /// Tells `committed` when the groups are durable, as the journal tells it: before it returns, or
  /// later on another thread. They become so together. After an error nobody knows how many of them
  /// are kept: nobody may be told of their results, and no later group may be committed. REQUIRES:
  /// the commit before has been told of; the groups stay until this one is.
  void commit(std::span<PendingGroup> groups, Committed committed);
  /// Waits, and returns what is told.
  ledger::Result<void> commit(std::span<PendingGroup> groups);
  /// These groups will never be in the journal. Afterwards nobody looks into them any more: they
  /// may be freed. From any thread.
  void forget(std::span<const PendingGroup> groups);

 private:
  /// What the journal refers to until it has told of an append.
  struct Append {
    std::span<PendingGroup> groups;
    std::vector<std::vector<std::string>> texts;  ///< of each
    std::vector<ledger::AnsweredGroup> answered;  ///< of those that are kept
    Committed committed;
  };

  using TallyKey = std::tuple<std::string, ledger::Month, ledger::Code>;

  void complete_all(Append& append, ledger::Result<std::vector<ledger::Seal>> sealed);
  void add_checkpoint(PendingGroup& pending);
  ledger::Result<void> take_notes(PendingGroup& pending);
  ledger::Result<void> process(Submission& submission, ledger::CommitGroup& group);
  ledger::Result<ledger::Outcome> decide(const Submission& submission, const ParsedItem& parsed,
                                         ledger::CommitGroup& group);
  ledger::Result<ledger::Outcome> decide_event(const ParsedEvent& event, ledger::Position position,
                                               ledger::Entry& entry);
  void look_ahead();
  ledger::Result<void> answer_dry_run(Submission& submission, ledger::Position next);
  ledger::Result<bool> passes_rehearsal(Submission& submission, ledger::Position next);
  void tally(const ParsedItem& parsed, ledger::Code code);
  ledger::Result<void> record_tallies(ledger::CommitGroup& group);

  ledger::Store& store_;
  ledger::Journal& journal_;
  const ledger::RulePack& rules_;
  const ledger::LedgerSettings settings_;
  PostedEntries entries_;
  ledger::Ledger ledger_;
  bool are_rules_new_;
  AccessNote note_access_;
  ledger::Position next_position_;
  ledger::Instant newest_commit_;
  std::uint64_t entries_since_checkpoint_ = 0;
  // Of the group being built.
  std::map<TallyKey, std::uint64_t> tallies_;
  std::vector<const ledger::Item*> items_;  // that have to be decided, without events
  std::size_t event_count_ = 0;             // likewise
  std::size_t decided_ = 0;                 // how many of the items are
  std::size_t expected_ = 0;                // how many the store knows of
};

/// Puts one note into a journal that nobody else writes to, with a group of its own. It is durable
/// afterwards.
ledger::Result<ledger::Position> append_note(ledger::Store& store, ledger::Journal& journal,
                                             const ledger::RulePack& rules, bool are_rules_new,
                                             ledger::Entry note, ledger::Instant now);

}  // namespace ingest
