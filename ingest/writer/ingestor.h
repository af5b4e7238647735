#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "ingest/writer/group_writer.h"
#include "ingest/writer/idle_spinners.h"

namespace ingest {

/// Groups of at most so many entries are small: they take less time to build than to sync.
inline constexpr std::uint32_t small_group_entries = 128;

/// What the ingestor has done since it started; for metrics.
struct IngestFigures {
  std::uint64_t groups = 0;
  std::uint64_t items = 0;
  std::uint64_t accepted = 0;
  std::uint64_t duplicate = 0;
  std::array<std::uint64_t, ledger::code_count> rejected{};
  std::uint64_t waiting_items = 0;
  double commit_seconds = 0;  ///< spent in commit(), all groups together

  IngestFigures& operator+=(const IngestFigures& other);
};

/// Runs a GroupWriter on two threads. One builds groups from whatever waits in the bounded queue.
/// The other commits them, so that the next groups are built while others are being synced. All
/// groups that are built by then share the next sync.
///
/// Senders share the queue by fair queueing. Each submission gets a turn: the place where the last
/// turn of its sender ended, but not before now. The lowest turn comes first. Now moves on by each
/// sender's part of what is taken. So a sender of few items is in one of the next two groups,
/// however much others have waiting. The submissions of one sender keep their order. A sender alone
/// gets everything. Each sender may have as much waiting as there is still room for: one sender
/// leaves half of the queue free, two leave a third, and so on.
///
///   submit() -> queue -> [build] -> at most four groups -> [commit] -> deliver
///
/// The building thread commits a small group itself when nothing is under way. To wake the other
/// thread would cost more than it saves, and what comes in meanwhile shares the next sync. One
/// commit is under way at a time; it ends when the journal says so, on whichever thread.
///
/// After a failed build or commit, or when a thread has met an exception such as std::bad_alloc,
/// nothing is accepted any more: see failure().
class Ingestor {
 public:
  /// Gets all submissions of a sync together, after the sync; or those that failed. Called by
  /// either thread, or where the journal tells of a sync.
  using Deliver = std::function<void(std::vector<std::unique_ptr<Submission>>)>;
  /// Told once why nothing is accepted any more, before anybody is answered so. Called as Deliver.
  using NoteFailure = std::function<void(const std::string& reason)>;

  struct Options {
    std::size_t waiting_items_max = 64 * 1024;  ///< at least group_items_max
    std::size_t spinning_threads = 0;           ///< see IdleSpinners
    NoteFailure note_failure{};                 ///< may be empty
    ledger::LedgerSettings settings{};
  };

  Ingestor(ledger::Store& store, ledger::Journal& journal, const ledger::RulePack& rules,
           bool are_rules_new, AccessNote note_access, Deliver deliver, Options options);
  /// Stops, after everything submitted has been answered.
  ~Ingestor();
  Ingestor(const Ingestor&) = delete;
  Ingestor& operator=(const Ingestor&) = delete;

  /// Takes the submission, or leaves it untouched and says why not: `sender_overloaded` when its
  /// sender has too much waiting, `overloaded` when all together have, `shutting_down`,
  /// `store_unavailable`. From any thread.
  ledger::Result<void> submit(std::unique_ptr<Submission>& submission);
  /// What submit() would answer now for so many items of this sender. It is asked before the items
  /// are parsed, to save that work.
  ledger::Result<void> check(const std::string& sender, std::size_t items) const;

  /// Has the next group begin with a note, and returns its place when it is durable. An error when
  /// nothing is accepted any more; the outcome may be unknown then. From any thread but those of
  /// the ingestor.
  ledger::Result<ledger::Position> append(ledger::Entry note);

  /// Calls `ready` as soon as everything before `next_position` is durable: at once on this thread,
  /// or later on the committing thread. With an error when that will never be.
  void when_durable(ledger::Position next_position,
                    std::function<void(boost::system::error_code)> ready);

  /// Runs `task` while no group is being built, and returns when it has run. It runs on the
  /// building thread, or on the caller's after stop(). The task sees whole groups of the writer's
  /// state. Throws what the task throws; nothing is accepted after that.
  void between_groups(const std::function<void()>& task);

  /// Refuses new submissions, answers those it has and all who wait, and returns.
  void stop();

  /// Why nothing is accepted any more; empty while all is well.
  std::string failure() const;
  IngestFigures figures() const;

 private:
  /// A sender's part of the queue: the items that wait, and where its next turn begins.
  struct Share {
    std::size_t waiting_items = 0;
    std::uint64_t next_turn = 0;
  };
  /// A turn, and a number that tells apart submissions with the same turn.
  using Turn = std::pair<std::uint64_t, std::uint64_t>;
  struct Waiting {
    Turn turn;
    Share* share;  // of the sender
    std::unique_ptr<Submission> submission;
  };
  static bool is_later(const Waiting& a, const Waiting& b) { return a.turn > b.turn; }

  struct Waiter {
    ledger::Position next_position;
    std::function<void(boost::system::error_code)> ready;
  };

  void run_builder();
  void run_committer();
  void run(bool (Ingestor::*step)(std::vector<PendingGroup>&));
  bool build_next(std::vector<PendingGroup>& held);
  bool commit_next(std::vector<PendingGroup>& held);
  ledger::Result<void> check_locked(const Share& share, std::size_t items) const;
  void forget_senders();
  bool is_committed_here(const PendingGroup& pending);
  bool hand_on(PendingGroup& pending);
  void commit(std::vector<PendingGroup>& held);
  void finish_commit(std::span<PendingGroup> groups, const ledger::Result<void>& committed,
                     double seconds);
  void take_waiting(PendingGroup& pending);
  void fail(const std::string& what, std::span<PendingGroup> held, boost::system::error_code error);
  void fail(const std::exception& exception, std::span<PendingGroup> held);
  void count(std::span<const PendingGroup> groups, double seconds);
  void wake_waiters();
  bool is_ended() const;

  ledger::Store& store_;
  ledger::Journal& journal_;
  GroupWriter writer_;
  const Deliver deliver_;
  const Options options_;

  mutable std::mutex mutex_;
  std::condition_variable queue_changed_;
  std::condition_variable built_changed_;
  std::vector<Waiting> waiting_;  // a heap: the next turn is in front
  std::size_t waiting_items_ = 0;
  std::unordered_map<std::string, Share> shares_;  // by sender; nodes stay where they are
  std::size_t waiting_senders_ = 0;
  std::uint64_t turn_ = 0;  // now
  std::uint64_t submission_count_ = 0;
  std::vector<PendingGroup::Note> notes_;  // that the next group begins with
  std::vector<PendingGroup> built_;
  bool is_committing_ = false;                      // the journal has not told of the last groups
  std::vector<std::packaged_task<void()>*> tasks_;  // of callers who wait
  bool is_stopping_ = false;
  bool is_builder_done_ = false;
  bool is_stopped_ = false;
  std::string failure_;
  IngestFigures figures_;

  std::mutex waiters_mutex_;
  std::vector<Waiter> waiters_;

  IdleSpinners spinners_;
  std::thread builder_;
  std::thread committer_;
};

}  // namespace ingest
