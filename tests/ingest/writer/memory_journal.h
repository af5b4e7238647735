#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ledger/ports/journal.h"
#include "ledger/values/assert.h"
#include "storage/bytes/format.h"
#include "storage/bytes/merkle.h"

namespace ingest::test {

/// A journal in memory that seals groups as the real one does, can be held up like a slow disk, and
/// can fail like a broken one. It tells before append() returns, as a local file does, or on a
/// thread of its own, as a log on other machines does.
class MemoryJournal final : public ledger::Journal {
 public:
  enum class Tells : std::uint8_t { at_once, later };

  explicit MemoryJournal(Tells tells = Tells::at_once) : tells_(tells) {}
  ~MemoryJournal() {
    if (telling_.joinable()) telling_.join();
  }

  void append(std::span<const ledger::AnsweredGroup> groups, Appended appended) override {
    if (tells_ == Tells::at_once) {
      appended(write(groups));
      return;
    }
    LEDGER_ASSERT(!is_telling_.exchange(true));  // one at a time
    // The next append may come before this one has put its thread down here.
    const std::lock_guard lock(telling_mutex_);
    if (telling_.joinable()) telling_.join();
    telling_ = std::thread([this, groups, appended = std::move(appended)] {
      auto written = write(groups);
      is_telling_ = false;
      appended(std::move(written));
    });
  }
  ledger::Position next_position() const override { return ledger::Position{next_position_}; }
  ledger::Instant newest_commit() const override {
    const std::lock_guard lock(mutex_);
    return groups_.empty() ? ledger::first_instant : groups_.back().committed_at;
  }
  ledger::Result<ledger::Entry> entry_at(ledger::Position position) const override {
    const std::lock_guard lock(mutex_);
    for (const ledger::CommitGroup& group : groups_) {
      if (position <= group.position || position >= group.next_position()) continue;
      return group.entries[position.value() - group.position.value() - 1];
    }
    return ledger::Errc::corrupt_record;
  }

  /// The append after so many, counted from 1, fails.
  void fail_at(std::uint64_t append) {
    const std::lock_guard lock(mutex_);
    fail_at_ = append;
  }
  /// The same one throws.
  void throw_at(std::uint64_t append) {
    const std::lock_guard lock(mutex_);
    throw_at_ = append;
  }
  /// Appends wait until release().
  void hold() {
    const std::lock_guard lock(mutex_);
    is_held_ = true;
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      is_held_ = false;
    }
    changed_.notify_all();
  }
  /// Returns when so many appends have begun.
  void wait_for_appends(std::uint64_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return append_count_ >= count; });
  }

  /// From the thread that appends, or when nothing does.
  const std::vector<ledger::CommitGroup>& groups() const { return groups_; }
  /// How many appends there have been, of one group or several.
  std::uint64_t append_count() const {
    const std::lock_guard lock(mutex_);
    return append_count_;
  }

 private:
  ledger::Result<std::vector<ledger::Seal>> write(std::span<const ledger::AnsweredGroup> groups) {
    std::unique_lock lock(mutex_);
    ++append_count_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !is_held_; });
    if (append_count_ == fail_at_) return ledger::Errc::store_unavailable;
    if (append_count_ == throw_at_) throw std::bad_alloc();
    std::vector<ledger::Seal> seals;
    for (const ledger::AnsweredGroup& answered : groups) seals.push_back(keep(answered));
    return seals;
  }

  ledger::Seal keep(const ledger::AnsweredGroup& answered) {
    const auto& [group, result_texts] = answered;
    // A real journal stops the process here: the group does not follow on the last one.
    LEDGER_ASSERT(group.position == next_position());
    const storage::EncodedContent content = storage::encode_content(group, head_, {});
    LEDGER_ASSERT(storage::fault_of_content(content.bytes, group, head_).empty());
    std::vector<ledger::Digest> leaves = content.leaves;
    const std::size_t first = leaves.size();
    for (const std::string& text : result_texts) {
      leaves.push_back(storage::MerkleTree::leaf_hash(text));
    }
    const storage::MerkleTree tree(leaves);
    ledger::Seal seal;
    seal.root = head_ = tree.root();
    seal.key_id = "memory";
    for (std::size_t i = 0; i < result_texts.size(); ++i)
      seal.paths.push_back(tree.path(first + i));
    groups_.push_back(group);
    next_position_ = group.next_position().value();
    return seal;
  }

  const Tells tells_;
  std::atomic<bool> is_telling_ = false;
  std::mutex telling_mutex_;  // of telling_
  std::thread telling_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_held_ = false;
  std::uint64_t append_count_ = 0;
  std::uint64_t fail_at_ = 0;
  std::uint64_t throw_at_ = 0;
  ledger::Digest head_{};
  std::vector<ledger::CommitGroup> groups_;
  std::atomic<std::uint64_t> next_position_{1};
};

}  // namespace ingest::test
