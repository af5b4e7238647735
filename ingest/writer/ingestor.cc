#include "ingest/writer/ingestor.h"

#include <algorithm>
#include <utility>

#include "ingest/items/clock.h"
#include "ingest/writer/prompt_thread.h"
#include "ledger/values/assert.h"

namespace ingest {
namespace {

/// Built groups that may wait for the disk. One would keep it busy; with several, the building
/// thread goes on while the committing one waits for a processor.
constexpr std::size_t built_groups_max = 4;
/// While the disk keeps up, and while several senders wait, a group is closed when it has so many
/// items, so that a small submission is not committed together with a large one.
constexpr std::size_t short_group_items = 256;
/// Otherwise at so many, for a disk that takes milliseconds; and still nobody waits long.
constexpr std::size_t long_group_items = 1024;
/// Senders are remembered after their last submission until there are so many.
constexpr std::size_t remembered_senders_max = 4096;

void count_outcomes(const Submission& submission, IngestFigures& figures) {
  if (submission.is_dry_run) return;
  figures.items += submission.items.size();
  for (const ledger::Outcome& outcome : submission.outcomes) {
    switch (outcome.disposition) {
      case ledger::Disposition::accepted:
        ++figures.accepted;
        break;
      case ledger::Disposition::duplicate:
        ++figures.duplicate;
        break;
      case ledger::Disposition::rejected:
        ++figures.rejected[static_cast<std::size_t>(outcome.rejection)];
        break;
    }
  }
}

std::size_t count_of(std::span<const PendingGroup> groups) {
  std::size_t count = 0;
  for (const PendingGroup& group : groups) count += group.submissions.size();
  return count;
}

void move_submissions(std::span<PendingGroup> groups,
                      std::vector<std::unique_ptr<Submission>>& to) {
  for (PendingGroup& group : groups) {
    std::move(group.submissions.begin(), group.submissions.end(), std::back_inserter(to));
    group.submissions.clear();
  }
}

/// Takes them out of the groups; all or, without memory for them, none.
std::vector<std::unique_ptr<Submission>> submissions_of(std::span<PendingGroup> groups) {
  std::vector<std::unique_ptr<Submission>> submissions;
  submissions.reserve(count_of(groups));
  move_submissions(groups, submissions);
  return submissions;
}

}  // namespace

IngestFigures& IngestFigures::operator+=(const IngestFigures& other) {
  groups += other.groups;
  items += other.items;
  accepted += other.accepted;
  duplicate += other.duplicate;
  for (std::size_t code = 0; code < rejected.size(); ++code) rejected[code] += other.rejected[code];
  waiting_items += other.waiting_items;
  commit_seconds += other.commit_seconds;
  return *this;
}

Ingestor::Ingestor(ledger::Store& store, ledger::Journal& journal, const ledger::RulePack& rules,
                   bool are_rules_new, AccessNote note_access, Deliver deliver, Options options)
    : store_(store),
      journal_(journal),
      writer_(store, journal, rules, are_rules_new, std::move(note_access), options.settings),
      deliver_(std::move(deliver)),
      options_(std::move(options)),
      spinners_(options_.spinning_threads) {
  builder_ = std::thread([this] { run_builder(); });
  committer_ = std::thread([this] { run_committer(); });
}

Ingestor::~Ingestor() { stop(); }

ledger::Result<void> Ingestor::submit(std::unique_ptr<Submission>& submission) {
  LEDGER_ASSERT(!submission->items.empty() && submission->items.size() <= group_items_max);
  {
    const std::lock_guard lock(mutex_);
    const std::size_t items = submission->items.size();
    Share& share = shares_[submission->sender];
    const auto checked = check_locked(share, items);
    if (!checked) return checked;
    if (share.waiting_items == 0) ++waiting_senders_;
    const std::uint64_t turn = std::max(turn_, share.next_turn);
    share.next_turn = turn + items;
    share.waiting_items += items;
    waiting_items_ += items;
    waiting_.push_back({{turn, ++submission_count_}, &share, std::move(submission)});
    std::push_heap(waiting_.begin(), waiting_.end(), is_later);
  }
  queue_changed_.notify_one();
  return ledger::ok();
}

ledger::Result<void> Ingestor::check(const std::string& sender, std::size_t items) const {
  const std::lock_guard lock(mutex_);
  const auto share = shares_.find(sender);
  return check_locked(share == shares_.end() ? Share() : share->second, items);
}

ledger::Result<void> Ingestor::check_locked(const Share& share, std::size_t items) const {
  if (!failure_.empty()) return ledger::Errc::store_unavailable;
  if (is_stopping_) return ledger::Errc::shutting_down;
  const std::size_t free = options_.waiting_items_max - waiting_items_;
  if (items > free) return ledger::Errc::overloaded;
  if (share.waiting_items + items > free) {
    return share.waiting_items == 0 ? ledger::Errc::overloaded : ledger::Errc::sender_overloaded;
  }
  return ledger::ok();
}

/// Empty when there is nothing more to come.
void Ingestor::take_waiting(PendingGroup& pending) {
  std::unique_lock lock(mutex_);
  for (;;) {
    queue_changed_.wait(lock, [this] {
      const bool is_idle = waiting_.empty() && notes_.empty();
      const bool has_work = !is_idle && built_.size() < built_groups_max;
      return has_work || !tasks_.empty() || (is_idle && is_stopping_) || !failure_.empty();
    });
    if (tasks_.empty()) break;
    std::vector<std::packaged_task<void()>*> tasks = std::exchange(tasks_, {});
    lock.unlock();
    for (auto* const task : tasks) (*task)();
    lock.lock();
  }
  std::size_t items = 0;
  // At least one: nobody shall wait for ever behind senders who come for the first time.
  const std::uint64_t turn = turn_ + 1;
  const std::size_t senders = waiting_senders_;
  const bool is_short = built_.empty() || senders > 1;
  const std::size_t items_max = is_short ? short_group_items : long_group_items;
  if (failure_.empty()) pending.notes.swap(notes_);
  const std::size_t notes = pending.notes.size();
  while (failure_.empty() && !waiting_.empty()) {
    Waiting& first = waiting_.front();
    const std::size_t count = first.submission->items.size();
    if (items + notes != 0 && items + notes + count > items_max) break;
    items += count;
    turn_ = std::max(turn_, first.turn.first);
    first.share->waiting_items -= count;
    if (first.share->waiting_items == 0) --waiting_senders_;
    pending.submissions.push_back(std::move(first.submission));
    std::pop_heap(waiting_.begin(), waiting_.end(), is_later);
    waiting_.pop_back();
  }
  waiting_items_ -= items;
  turn_ = std::max(turn_, turn + items / (senders + 1));
  forget_senders();
}

/// Those who have had their turn and nothing waiting are as good as new.
void Ingestor::forget_senders() {
  if (shares_.size() <= remembered_senders_max) return;
  std::erase_if(shares_, [this](const auto& sender) {
    return sender.second.waiting_items == 0 && sender.second.next_turn <= turn_;
  });
}

/// Repeats a step of a thread until it says that it was the last. Groups that a step is working on
/// are held here: when it throws, those who wait for them are answered.
void Ingestor::run(bool (Ingestor::*step)(std::vector<PendingGroup>&)) {
  be_prompt();
  std::vector<PendingGroup> held;
  try {
    while ((this->*step)(held)) held.clear();
  } catch (const std::exception& exception) {
    fail(exception, held);
  }
}

void Ingestor::run_builder() {
  run(&Ingestor::build_next);
  std::vector<std::packaged_task<void()>*> tasks;
  {
    const std::lock_guard lock(mutex_);
    is_builder_done_ = true;
    tasks.swap(tasks_);
  }
  built_changed_.notify_one();
  for (auto* const task : tasks) (*task)();
}

bool Ingestor::build_next(std::vector<PendingGroup>& held) {
  PendingGroup& pending = held.emplace_back();
  take_waiting(pending);
  if (pending.submissions.empty() && pending.notes.empty()) return false;
  const auto built = writer_.build(pending, now());
  if (!built) {
    store_.abandon();
    fail("a group cannot be built: " + built.error().message(), held, built.error());
    return false;
  }
  if (is_committed_here(pending)) {
    spinners_.note_group();
    commit(held);
    return true;
  }
  if (!hand_on(pending)) {
    fail({}, held, ledger::Errc::store_unavailable);
    return false;
  }
  built_changed_.notify_one();
  return true;
}

ledger::Result<ledger::Position> Ingestor::append(ledger::Entry note) {
  PendingGroup::Note waiting{std::move(note), {}};
  std::future<ledger::Position> placed = waiting.placed.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (!failure_.empty()) return ledger::Errc::store_unavailable;
    if (is_stopping_) return ledger::Errc::shutting_down;
    notes_.push_back(std::move(waiting));
  }
  queue_changed_.notify_one();
  try {
    const ledger::Position position = placed.get();
    std::promise<boost::system::error_code> durable;
    when_durable(ledger::Position{position.value() + 1},
                 [&durable](boost::system::error_code error) { durable.set_value(error); });
    if (const auto error = durable.get_future().get()) return error;
    return position;
  } catch (const std::future_error&) {
    return ledger::Errc::store_unavailable;
  }
}

void Ingestor::between_groups(const std::function<void()>& task) {
  std::packaged_task<void()> packaged([this, &task] {
    try {
      task();
    } catch (const std::exception& exception) {
      fail(exception, {});
      throw;
    }
  });
  std::future<void> done = packaged.get_future();
  bool is_builder_done = false;
  {
    const std::lock_guard lock(mutex_);
    is_builder_done = is_builder_done_;
    if (!is_builder_done) tasks_.push_back(&packaged);
  }
  if (is_builder_done) {
    packaged();
  } else {
    queue_changed_.notify_one();
  }
  done.get();
}

/// Groups are committed in order, so only when no other one is under way. If so, this one is.
bool Ingestor::is_committed_here(const PendingGroup& pending) {
  if (pending.group.entries.size() > small_group_entries) return false;
  const std::lock_guard lock(mutex_);
  const bool is_next = built_.empty() && !is_committing_ && failure_.empty();
  is_committing_ = is_committing_ || is_next;
  return is_next;
}

/// False, and the group untouched, when the group before it failed meanwhile: nothing may follow
/// it.
bool Ingestor::hand_on(PendingGroup& pending) {
  const std::lock_guard lock(mutex_);
  if (!failure_.empty()) return false;
  built_.push_back(std::move(pending));
  return true;
}

void Ingestor::run_committer() { run(&Ingestor::commit_next); }

bool Ingestor::commit_next(std::vector<PendingGroup>& held) {
  {
    std::unique_lock lock(mutex_);
    built_changed_.wait(
        lock, [this] { return !is_committing_ && (!built_.empty() || is_builder_done_); });
    if (built_.empty()) return false;
    held.swap(built_);
    is_committing_ = true;
  }
  queue_changed_.notify_one();
  commit(held);
  return true;
}

/// Has the groups made durable. They are no longer held by the thread, but by who waits for that.
void Ingestor::commit(std::vector<PendingGroup>& held) {
  std::shared_ptr<std::vector<PendingGroup>> groups;
  const auto begin = std::chrono::steady_clock::now();
  const auto end = [this] {
    const std::lock_guard lock(mutex_);
    is_committing_ = false;
    built_changed_.notify_one();
  };
  try {
    groups = std::make_shared<std::vector<PendingGroup>>();
    groups->swap(held);
    writer_.commit(*groups, [this, groups, begin, end](const ledger::Result<void>& committed) {
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
      try {
        finish_commit(*groups, committed, taken.count());
      } catch (const std::exception& exception) {
        fail(exception, *groups);
      }
      end();  // the last that is done here: whoever stops waits for it
    });
  } catch (const std::exception& exception) {
    if (groups) groups->swap(held);
    // Before the other thread may commit: what it has follows on these groups.
    fail(exception, held);
    end();
  }
}

/// Delivers the answers, or fails.
void Ingestor::finish_commit(std::span<PendingGroup> groups, const ledger::Result<void>& committed,
                             double seconds) {
  if (!committed) {
    store_.abandon();
    fail("the journal cannot be written: " + committed.error().message(), groups,
         committed.error());
    return;
  }
  count(groups, seconds);
  store_.note_durable(journal_.next_position());
  wake_waiters();
  deliver_(submissions_of(groups));
}

/// Those who wait for these groups, for groups after them, or in the queue are answered with an
/// error.
void Ingestor::fail(const std::string& what, std::span<PendingGroup> held,
                    boost::system::error_code error) {
  std::vector<std::unique_ptr<Submission>> submissions = submissions_of(held);
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    is_first = failure_.empty();
    if (is_first) failure_ = what;
    // What has not been committed yet was decided on a state that is lost.
    writer_.forget(held);
    writer_.forget(built_);
    submissions.reserve(submissions.size() + count_of(built_) + waiting_.size());
    move_submissions(built_, submissions);
    built_.clear();
    for (Waiting& waiting : waiting_) submissions.push_back(std::move(waiting.submission));
    waiting_.clear();
    notes_.clear();  // who waits for one learns it so
    shares_.clear();
    waiting_senders_ = 0;
    waiting_items_ = 0;
  }
  queue_changed_.notify_all();
  if (is_first && options_.note_failure) options_.note_failure(what);
  for (const auto& submission : submissions) submission->error = error;
  wake_waiters();
  deliver_(std::move(submissions));
}

/// What has thrown may have left the state half changed.
void Ingestor::fail(const std::exception& exception, std::span<PendingGroup> held) {
  store_.abandon();
  fail(std::string("items cannot be decided: ") + exception.what(), held,
       ledger::Errc::store_unavailable);
}

void Ingestor::when_durable(ledger::Position next_position,
                            std::function<void(boost::system::error_code)> ready) {
  {
    const std::lock_guard lock(waiters_mutex_);
    if (journal_.next_position() < next_position && !is_ended()) {
      waiters_.push_back({next_position, std::move(ready)});
      return;
    }
  }
  const bool is_durable = journal_.next_position() >= next_position;
  ready(is_durable ? boost::system::error_code()
                   : make_error_code(ledger::Errc::store_unavailable));
}

void Ingestor::wake_waiters() {
  const bool is_over = is_ended();
  const ledger::Position durable = journal_.next_position();
  std::vector<Waiter> woken;
  {
    const std::lock_guard lock(waiters_mutex_);
    const auto first = std::partition(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) {
      return waiter.next_position > durable && !is_over;
    });
    woken.assign(std::make_move_iterator(first), std::make_move_iterator(waiters_.end()));
    waiters_.erase(first, waiters_.end());
  }
  for (const Waiter& waiter : woken) {
    waiter.ready(waiter.next_position <= durable
                     ? boost::system::error_code()
                     : make_error_code(ledger::Errc::store_unavailable));
  }
}

void Ingestor::count(std::span<const PendingGroup> groups, double seconds) {
  IngestFigures counted;
  counted.groups = static_cast<std::uint64_t>(std::count_if(
      groups.begin(), groups.end(), [](const PendingGroup& group) { return group.is_kept(); }));
  counted.commit_seconds = seconds;
  for (const PendingGroup& pending : groups) {
    for (const auto& submission : pending.submissions) count_outcomes(*submission, counted);
  }
  const std::lock_guard lock(mutex_);
  figures_ += counted;
}

void Ingestor::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  queue_changed_.notify_all();
  if (builder_.joinable()) builder_.join();
  if (committer_.joinable()) committer_.join();
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  wake_waiters();
}

/// Nothing becomes durable any more.
bool Ingestor::is_ended() const {
  const std::lock_guard lock(mutex_);
  return is_stopped_ || !failure_.empty();
}

std::string Ingestor::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

IngestFigures Ingestor::figures() const {
  const std::lock_guard lock(mutex_);
  IngestFigures figures = figures_;
  figures.waiting_items = waiting_items_;
  return figures;
}

}  // namespace ingest
