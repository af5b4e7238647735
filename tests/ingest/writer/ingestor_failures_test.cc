// An ingestor whose journal, store or tasks fail.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "tests/ingest/writer/ingestor_fixture.h"

namespace ingest::test {
namespace {

using boost::system::error_code;
using ledger::Errc;
using ledger::make_error_code;
using ledger::Position;
using ledger::test::MemoryStore;

/// A store that can fail: its reads break down after so many, or throw.
class BreakingStore final : public MemoryStore {
 public:
  explicit BreakingStore(std::uint64_t reads, bool throws = false)
      : reads_left_(reads), throws_(throws) {}

  ledger::Result<std::optional<ledger::Registration>> find_registration(
      const ledger::Fingerprint& key) override {
    if (reads_left_ == 0) {
      if (throws_) throw std::bad_alloc();
      return Errc::corrupt_record;
    }
    --reads_left_;
    return MemoryStore::find_registration(key);
  }
  void note_durable(Position) override {}
  void abandon() override { is_abandoned_ = true; }

  bool is_abandoned() const { return is_abandoned_; }

 private:
  std::uint64_t reads_left_;
  const bool throws_;
  std::atomic<bool> is_abandoned_{false};
};

/// Submits pairs of items until the ingestor has failed; says how many were taken. Where the
/// ingestor's threads get no processor meanwhile, the queue may be full for a while.
std::size_t submit_until_it_fails(Ingestor& ingestor) {
  std::size_t taken = 0;
  for (std::uint32_t i = 1;; ++i) {
    const error_code refusal = submit(ingestor, submission_of(i * 10, 2));
    if (refusal == make_error_code(Errc::store_unavailable)) return taken;
    EXPECT_TRUE(!refusal || refusal == make_error_code(Errc::sender_overloaded)) << refusal;
    if (!refusal) ++taken;
    std::this_thread::yield();
  }
}

/// What a failure is told to, and how often.
struct Failures {
  Ingestor::NoteFailure note() {
    return [this](const std::string& reason) {
      const std::lock_guard lock(mutex);
      reasons.push_back(reason);
    };
  }
  std::mutex mutex;
  std::vector<std::string> reasons;
};

TEST_F(IngestorTest, answers_everything_with_an_error_when_the_journal_fails) {
  for (std::uint64_t run = 0; run < 8; ++run) {
    const std::uint64_t fail_at = 1 + run / 2;
    MemoryStore store;
    MemoryJournal journal(run % 2 == 0 ? MemoryJournal::Tells::at_once
                                       : MemoryJournal::Tells::later);
    Deliveries deliveries;
    journal.fail_at(fail_at);
    Ingestor ingestor(
        store, journal, rules(), true, [](const auto&...) { return ledger::ok(); },
        [&](std::vector<std::unique_ptr<Submission>> submissions) {
          deliveries.take(std::move(submissions));
        },
        {});
    const std::size_t taken = submit_until_it_fails(ingestor);
    ingestor.stop();
    const auto times = deliveries.times();
    EXPECT_EQ(times.size(), taken);
    for (const auto& [index, number] : times) EXPECT_EQ(number, 1);
    EXPECT_EQ(deliveries.complete() + deliveries.errors().size(), taken);
    for (const error_code& error : deliveries.errors()) {
      EXPECT_EQ(error, make_error_code(Errc::store_unavailable));
    }
    EXPECT_EQ(journal.append_count(), fail_at) << "nothing may follow on a group that failed";
    EXPECT_TRUE(store.is_abandoned());
    EXPECT_NE(ingestor.failure().find("journal"), std::string::npos) << ingestor.failure();
  }
}

TEST_F(IngestorTest, answers_all_groups_with_an_error_when_their_sync_fails) {
  const auto ingestor = start(store_);
  journal_.fail_at(2);
  hold_up(*ingestor, journal_);
  journal_.release();
  deliveries_.wait_for(groups_ahead);
  ingestor->stop();
  EXPECT_EQ(journal_.groups().size(), 1U);
  expect_each_answered_once(groups_ahead);
  EXPECT_EQ(deliveries_.complete(), 1U);
  EXPECT_EQ(deliveries_.errors().size(), groups_ahead - 1);
  EXPECT_EQ(ingestor->figures().groups, 1U);
}

TEST_F(IngestorTest, commits_no_group_that_was_built_on_one_that_failed) {
  // The builder is ahead of the disk when the disk fails, again and again.
  for (std::uint32_t round = 0; round < 50; ++round) {
    MemoryStore store;
    MemoryJournal journal(round % 3 == 0 ? MemoryJournal::Tells::later
                                         : MemoryJournal::Tells::at_once);
    Deliveries deliveries;
    journal.fail_at(1);
    journal.hold();
    Ingestor ingestor(
        store, journal, rules(), true, [](const auto&...) { return ledger::ok(); },
        [&](std::vector<std::unique_ptr<Submission>> submissions) {
          deliveries.take(std::move(submissions));
        },
        {});
    // Too large to be committed by the builder itself.
    EXPECT_EQ(submit(ingestor, submission_of(1, small_group_entries + 1)), error_code());
    journal.wait_for_appends(1);
    std::size_t taken = 1;
    EXPECT_EQ(submit(ingestor, submission_of(10'000, 1 + round * 40)), error_code());
    ++taken;
    // Somewhere between taking the second, building it, and having built it.
    while (round % 2 == 0 && ingestor.figures().waiting_items != 0) std::this_thread::yield();
    journal.release();
    deliveries.wait_for(taken);
    ingestor.stop();
    EXPECT_EQ(deliveries.errors().size(), taken);
    EXPECT_EQ(journal.append_count(), 1U);
  }
}

TEST_F(IngestorTest, answers_everything_with_an_error_when_the_state_cannot_be_read) {
  BreakingStore store(25);
  const auto ingestor = start(store);
  const std::size_t taken = submit_until_it_fails(*ingestor);
  ingestor->stop();
  expect_each_answered_once(taken);
  EXPECT_FALSE(deliveries_.errors().empty());
  EXPECT_EQ(deliveries_.complete() + deliveries_.errors().size(), taken);
  EXPECT_TRUE(store.is_abandoned());
  EXPECT_NE(ingestor->failure().find("cannot be built"), std::string::npos) << ingestor->failure();
}

TEST_F(IngestorTest, answers_everything_with_an_error_when_the_store_throws) {
  BreakingStore store(25, true);
  Failures failures;
  const auto ingestor = start(store, {.note_failure = failures.note()});
  const std::size_t taken = submit_until_it_fails(*ingestor);
  ingestor->stop();
  expect_each_answered_once(taken);
  EXPECT_FALSE(deliveries_.errors().empty());
  EXPECT_EQ(deliveries_.complete() + deliveries_.errors().size(), taken);
  EXPECT_TRUE(store.is_abandoned());
  EXPECT_EQ(failures.reasons, std::vector<std::string>{"items cannot be decided: std::bad_alloc"});
  EXPECT_EQ(ingestor->failure(), failures.reasons.front());
}

TEST_F(IngestorTest, answers_everything_with_an_error_when_the_journal_throws) {
  // Small groups are committed by the building thread, others by the committing one.
  for (const std::uint32_t items : {1U, small_group_entries + 1}) {
    MemoryStore store;
    MemoryJournal journal;
    Deliveries deliveries;
    Failures failures;
    journal.throw_at(1);
    journal.hold();
    Ingestor ingestor(
        store, journal, rules(), true, [](const auto&...) { return ledger::ok(); },
        [&](std::vector<std::unique_ptr<Submission>> submissions) {
          deliveries.take(std::move(submissions));
        },
        {.note_failure = failures.note()});
    EXPECT_EQ(submit(ingestor, submission_of(1, items)), error_code());
    journal.wait_for_appends(1);
    std::promise<error_code> waiting;
    ingestor.when_durable(Position{1000}, [&](error_code error) { waiting.set_value(error); });
    EXPECT_EQ(submit(ingestor, submission_of(10'000, 3)), error_code());
    journal.release();
    deliveries.wait_for(2);
    EXPECT_EQ(deliveries.errors(),
              std::vector<error_code>(2, make_error_code(Errc::store_unavailable)));
    EXPECT_EQ(waiting.get_future().get(), make_error_code(Errc::store_unavailable));
    EXPECT_EQ(submit(ingestor, submission_of(20'000)), make_error_code(Errc::store_unavailable));
    ingestor.stop();
    EXPECT_TRUE(store.is_abandoned());
    EXPECT_EQ(failures.reasons,
              std::vector<std::string>{"items cannot be decided: std::bad_alloc"});
  }
}

/// Calls back when it is abandoned for the first time.
class WatchedStore : public MemoryStore {
 public:
  explicit WatchedStore(std::function<void()> watch) : watch_(std::move(watch)) {}
  void abandon() override {
    MemoryStore::abandon();
    if (const auto watch = std::exchange(watch_, {})) watch();
  }

 private:
  std::function<void()> watch_;
};

TEST_F(IngestorTest, commits_nothing_on_top_of_what_the_journal_threw_at) {
  MemoryJournal journal;
  Deliveries deliveries;
  journal.throw_at(1);
  std::unique_ptr<Ingestor> ingestor;
  WatchedStore store([&] {
    // A small group, which the building thread commits itself when no other is under way.
    EXPECT_EQ(submit(*ingestor, submission_of(20'000)), error_code());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  });
  ingestor = std::make_unique<Ingestor>(
      store, journal, rules(), true, [](const auto&...) { return ledger::ok(); },
      [&](std::vector<std::unique_ptr<Submission>> submissions) {
        deliveries.take(std::move(submissions));
      },
      Ingestor::Options{});
  EXPECT_EQ(submit(*ingestor, submission_of(1, small_group_entries + 1)), error_code());
  deliveries.wait_for(2);
  EXPECT_EQ(deliveries.errors(),
            std::vector<error_code>(2, make_error_code(Errc::store_unavailable)));
  ingestor->stop();
  EXPECT_EQ(journal.append_count(), 1U);
}

TEST_F(IngestorTest, accepts_nothing_after_a_task_between_groups_has_thrown) {
  const auto ingestor = start(store_);
  EXPECT_EQ(submit(*ingestor, submission_of(1)), error_code());
  deliveries_.wait_for(1);
  EXPECT_THROW(ingestor->between_groups([] { throw std::bad_alloc(); }), std::bad_alloc);
  EXPECT_EQ(submit(*ingestor, submission_of(2)), make_error_code(Errc::store_unavailable));
  EXPECT_NE(ingestor->failure(), "");
  ingestor->stop();
  EXPECT_TRUE(store_.is_abandoned());
}

TEST_F(IngestorTest, tells_its_failure_before_it_answers) {
  bool is_told = false;
  Deliveries deliveries;
  journal_.fail_at(1);
  Ingestor ingestor(
      store_, journal_, rules(), true, [](const auto&...) { return ledger::ok(); },
      [&](std::vector<std::unique_ptr<Submission>> submissions) {
        EXPECT_TRUE(is_told);
        deliveries.take(std::move(submissions));
      },
      {.note_failure = [&](const std::string&) { is_told = true; }});
  EXPECT_EQ(submit(ingestor, submission_of(1)), error_code());
  deliveries.wait_for(1);
  ingestor.stop();
}

TEST_F(IngestorTest, calls_back_with_an_error_when_a_position_will_never_be_durable) {
  const auto ingestor = start(store_);
  journal_.fail_at(1);
  journal_.hold();
  EXPECT_EQ(submit(*ingestor, submission_of(1, 4)), error_code());
  std::promise<error_code> waiting;
  ingestor->when_durable(Position{6}, [&](error_code error) { waiting.set_value(error); });
  journal_.release();
  EXPECT_EQ(waiting.get_future().get(), make_error_code(Errc::store_unavailable));
  std::promise<error_code> afterwards;
  ingestor->when_durable(Position{6}, [&](error_code error) { afterwards.set_value(error); });
  EXPECT_EQ(afterwards.get_future().get(), make_error_code(Errc::store_unavailable));
}

}  // namespace
}  // namespace ingest::test
