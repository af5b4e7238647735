#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ingest/shard_writer.h"

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

/// Runs a ShardWriter on two threads: one builds groups from whatever waits in the bounded queue,
/// the other commits them, so that the next group is built while one is being synced.
///
///   submit() -> queue -> [build] -> at most two groups -> [commit] -> deliver
///
/// A small group is committed by the building thread itself when nothing is under way: waking the
/// other would cost more than building next to it saves, and what comes in meanwhile shares the
/// next sync.
///
/// After a failed build or commit nothing is accepted any more: see failure().
class Ingestor {
 public:
  /// Gets all submissions of a group at once, after the sync, or those that failed. Called by
  /// either thread.
  using Deliver = std::function<void(std::vector<std::unique_ptr<Submission>>)>;

  struct Options {
    std::size_t waiting_items_max = 64 * 1024;
  };

  Ingestor(ledger::Store& store, ledger::Journal& journal, const ledger::RulePack& rules,
           bool are_rules_new, AccessNote note_access, Deliver deliver, Options options);
  /// Stops, after everything submitted has been answered.
  ~Ingestor();
  Ingestor(const Ingestor&) = delete;
  Ingestor& operator=(const Ingestor&) = delete;

  /// Takes the submission, or leaves it untouched and says why not: `overloaded`, `shutting_down`,
  /// `store_unavailable`. From any thread.
  ledger::Result<void> submit(std::unique_ptr<Submission>& submission);

  /// Calls `ready` as soon as everything before `next_position` is durable: at once on this thread,
  /// or later on the committing thread. With an error when that will never be.
  void when_durable(ledger::Position next_position,
                    std::function<void(boost::system::error_code)> ready);

  /// Runs `task` while no group is being built, and returns when it has run: on the building
  /// thread, or on this one after stop(). What it reads of the writer's state is whole.
  void between_groups(std::function<void()> task);

  /// Refuses new submissions, answers those it has and all who wait, and returns.
  void stop();

  /// Why nothing is accepted any more; empty while all is well.
  std::string failure() const;
  IngestFigures figures() const;

 private:
  struct Waiter {
    ledger::Position next_position;
    std::function<void(boost::system::error_code)> ready;
  };

  void run_builder();
  void run_committer();
  bool is_committed_here(const PendingGroup& pending) const;
  bool hand_on(PendingGroup& pending);
  bool commit(PendingGroup& pending);
  std::vector<std::unique_ptr<Submission>> take_waiting();
  void fail(const std::string& what, std::vector<std::unique_ptr<Submission>> submissions,
            boost::system::error_code error);
  void count(const PendingGroup& pending, double seconds);
  void wake_waiters();
  bool is_ended() const;

  ledger::Store& store_;
  ledger::Journal& journal_;
  ShardWriter writer_;
  const Deliver deliver_;
  const Options options_;

  mutable std::mutex mutex_;
  std::condition_variable queue_changed_;
  std::condition_variable built_changed_;
  std::deque<std::unique_ptr<Submission>> waiting_;
  std::size_t waiting_items_ = 0;
  std::deque<PendingGroup> built_;
  bool is_committing_ = false;                      // the committing thread has a group
  std::vector<std::packaged_task<void()>*> tasks_;  // of callers who wait
  bool is_stopping_ = false;
  bool is_builder_done_ = false;
  bool is_stopped_ = false;
  std::string failure_;
  IngestFigures figures_;

  std::mutex waiters_mutex_;
  std::vector<Waiter> waiters_;

  std::thread builder_;
  std::thread committer_;
};

}  // namespace ingest
