#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ingest/writer/ingestor.h"
#include "tests/ingest/writer/memory_journal.h"
#include "tests/ingest/writer/rules.h"
#include "tests/support/builders.h"
#include "tests/support/memory_store.h"

// An ingestor with a journal in memory, and what it delivers.

namespace ingest::test {

inline std::unique_ptr<Submission> submission_of(std::uint32_t first_guid,
                                                 std::uint32_t items = 1) {
  auto submission = std::make_unique<Submission>();
  submission->first_index = first_guid;
  for (std::uint32_t i = 0; i < items; ++i) {
    ParsedItem& parsed = submission->items.emplace_back();
    parsed.item =
        ledger::test::a_copayment().guid(first_guid + i).of_person(1 + (first_guid + i) % 97);
    parsed.has_guid = true;
  }
  return submission;
}

/// Everything that was delivered, by the first index of the submission.
class Deliveries {
 public:
  void take(std::vector<std::unique_ptr<Submission>> submissions) {
    {
      const std::lock_guard lock(mutex_);
      for (const auto& submission : submissions) {
        ++times_[submission->first_index];
        if (submission->error) {
          errors_.push_back(submission->error);
        } else if (submission->outcomes.size() == submission->items.size() &&
                   !submission->results.empty() && submission->seal) {
          ++complete_;
        }
      }
    }
    changed_.notify_all();
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return complete_ + errors_.size() >= count; });
  }
  /// How often each was answered.
  std::map<std::uint64_t, int> times() const {
    const std::lock_guard lock(mutex_);
    return times_;
  }
  std::size_t complete() const {
    const std::lock_guard lock(mutex_);
    return complete_;
  }
  std::vector<boost::system::error_code> errors() const {
    const std::lock_guard lock(mutex_);
    return errors_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, int> times_;
  std::size_t complete_ = 0;
  std::vector<boost::system::error_code> errors_;
};

class IngestorTest : public testing::Test {
 protected:
  explicit IngestorTest(MemoryJournal::Tells tells = MemoryJournal::Tells::at_once)
      : journal_(tells) {}

  std::unique_ptr<Ingestor> start(ledger::Store& store, Ingestor::Options options = {}) {
    return std::make_unique<Ingestor>(
        store, journal_, rules(), true, [](const auto&...) { return ledger::ok(); },
        [this](std::vector<std::unique_ptr<Submission>> submissions) {
          deliveries_.take(std::move(submissions));
        },
        options);
  }
  void expect_each_answered_once(std::size_t count) {
    const auto times = deliveries_.times();
    EXPECT_EQ(times.size(), count);
    for (const auto& [index, number] : times) EXPECT_EQ(number, 1) << "submission " << index;
  }

  ledger::test::MemoryStore store_;
  MemoryJournal journal_;
  Deliveries deliveries_;
};

inline boost::system::error_code submit(Ingestor& ingestor,
                                        std::unique_ptr<Submission> submission) {
  const auto taken = ingestor.submit(submission);
  // Taken, or left untouched.
  EXPECT_EQ(submission == nullptr, taken.has_value());
  return taken ? boost::system::error_code() : taken.error();
}

inline std::unique_ptr<Submission> submission_from(std::string sender, std::uint32_t first_guid,
                                                   std::uint32_t items) {
  auto submission = submission_of(first_guid, items);
  submission->sender = std::move(sender);
  return submission;
}

/// Groups ahead of whatever comes next, so that it stays in the queue until the journal is
/// released: one is committed, four are built.
inline constexpr std::size_t groups_ahead = 5;
inline void hold_up(Ingestor& ingestor, MemoryJournal& journal) {
  journal.hold();
  for (std::uint32_t i = 0; i < groups_ahead; ++i) {
    EXPECT_EQ(
        submit(ingestor, submission_from("early", 900'000 + i * 1000, small_group_entries + 1)),
        boost::system::error_code());
    while (ingestor.figures().waiting_items != 0) std::this_thread::yield();
    journal.wait_for_appends(1);  // or the first would share its sync with those behind it
  }
  ingestor.between_groups([] {});  // the last one is built
}

}  // namespace ingest::test
