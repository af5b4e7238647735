#include "storage/state/hand_over.h"

#include <algorithm>
#include <exception>

namespace storage {

using ledger::Position;
using ledger::Result;

HandOver::HandOver(const StateFiles& files, StateTables& tables, AppliedTable& applied,
                   std::uint64_t items_max, OpenMode mode)
    : files_(files),
      tables_(tables),
      applied_(applied),
      items_max_(items_max),
      is_abandoned_(mode == OpenMode::read_only),
      thread_([this] { run(); }) {}

HandOver::~HandOver() {
  bool is_durable = false;
  {
    // What is not durable by now never will be: it is not waited for.
    MutexLock lock(mutex_);
    while (is_frozen_ && !is_abandoned_ && durable_ >= applied_.frozen_next_position().value()) {
      lock.wait(changed_);
    }
    is_durable = !is_frozen_ && !is_abandoned_ && durable_ >= applied_.next_position().value();
  }
  if (is_durable && applied_.is_between_groups() && items_ != 0) freeze();
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::string HandOver::failure() const {
  const MutexLock lock(mutex_);
  return error_;
}

void HandOver::begin_if_due() {
  want_room();
  if (items_ < items_max_) return;
  {
    MutexLock lock(mutex_);
    if (is_frozen_ && items_ < 2 * items_max_) return;
    if (!await_end(lock)) return;
  }
  freeze();
}

void HandOver::begin() {
  {
    MutexLock lock(mutex_);
    if (!await_end(lock)) return;
  }
  if (items_ != 0) freeze();
}

Result<void> HandOver::await() {
  MutexLock lock(mutex_);
  if (!await_end(lock)) return ledger::Errc::store_unavailable;
  return ledger::ok();
}

/// Waits until none is under way; false when nothing is handed over any more.
bool HandOver::await_end(MutexLock& lock) {
  while (is_frozen_ && !is_abandoned_) lock.wait(changed_);
  return !is_abandoned_;
}

/// Memory for the first changes when some have come, and for those behind the first hand-over when
/// half of its changes have; from then on both are used in turn.
void HandOver::want_room() {
  const std::uint64_t share = rooms_wanted_ == 0 ? 64 : 2;
  if (rooms_wanted_ == 2 || items_ < items_max_ / share) return;
  ++rooms_wanted_;
  {
    const MutexLock lock(mutex_);
    is_room_wanted_ = true;
  }
  changed_.notify_all();
}

void HandOver::note_durable(Position next_position) {
  bool is_awaited = false;
  {
    const MutexLock lock(mutex_);
    durable_ = std::max(durable_, next_position.value());
    is_awaited = is_frozen_;
  }
  if (is_awaited) changed_.notify_all();
}

void HandOver::abandon() {
  {
    const MutexLock lock(mutex_);
    is_abandoned_ = true;
  }
  changed_.notify_all();
}

bool HandOver::is_handed_over() const {
  const MutexLock lock(mutex_);
  return !is_frozen_;
}

void HandOver::thaw_some() {
  if (stripes_to_thaw_ != 0 && is_handed_over()) thaw_next();
}

/// What has been handed over leaves the frozen tiers in steps, one before each group.
void HandOver::thaw_next() {
  const std::size_t stripe = --stripes_to_thaw_;
  tables_.for_each([stripe](auto& table) { table.thaw_stripe(stripe); });
}

void HandOver::freeze() {
  while (stripes_to_thaw_ != 0) thaw_next();
  stripes_to_thaw_ = stripe_count;
  tables_.for_each([](auto& table) { table.freeze(); });
  applied_.freeze();
  items_ = 0;
  {
    const MutexLock lock(mutex_);
    is_frozen_ = true;
  }
  changed_.notify_all();
}

void HandOver::run() {
  MutexLock lock(mutex_);
  for (;;) {
    while (!is_frozen_ && !is_stopping_ && !is_abandoned_ && !is_room_wanted_) lock.wait(changed_);
    if (is_abandoned_ || (is_stopping_ && !is_frozen_)) return;
    if (!is_frozen_) {
      is_room_wanted_ = false;
      lock.unlock();
      make_room();
      lock.lock();
      continue;
    }
    lock.unlock();
    std::string error;
    bool is_done = false;
    try {
      is_done = hand_over_frozen();
    } catch (const std::exception& exception) {
      error = exception.what();
    }
    lock.lock();
    if (!error.empty()) {
      // The rows stay in memory and are found there; the journal has everything.
      error_ = error;
      is_abandoned_ = true;
      changed_.notify_all();
      return;
    }
    // Given up, its rows are in no file: they stay in memory.
    if (!is_done) return;
    is_frozen_ = false;
    changed_.notify_all();
  }
}

void HandOver::make_room() {
  try {
    tables_.get<RegistrationsTable>().make_room();
  } catch (const std::bad_alloc&) {
    // Room made ahead saves a pause; without it the table grows when it has to.
  }
}

/// False when it was given up because the journal will never have it.
bool HandOver::hand_over_frozen() {
  tables_.for_each([this](const auto& table) { table.write(files_); });
  if (!await_durable()) return false;
  applied_.write(files_);
  files_.ingest();
  tables_.for_each([](auto& table) { table.forget_frozen(); });
  return true;
}

/// State that the journal does not have yet must never reach the files.
bool HandOver::await_durable() {
  MutexLock lock(mutex_);
  const std::uint64_t end = applied_.frozen_next_position().value();
  while (durable_ < end && !is_abandoned_ && !is_stopping_) lock.wait(changed_);
  return durable_ >= end && !is_abandoned_;
}

}  // namespace storage
