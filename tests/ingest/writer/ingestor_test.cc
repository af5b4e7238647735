#include "ingest/writer/ingestor.h"

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <new>

#include "tests/ingest/writer/memory_journal.h"
#include "tests/support/builders.h"
#include "tests/support/memory_store.h"

namespace ingest::test {
namespace {

using boost::system::error_code;
using ledger::Errc;
using ledger::make_error_code;
using ledger::Position;
using ledger::test::a_copayment;
using ledger::test::MemoryStore;

const ledger::RulePack& rules() {
  static const ledger::RulePack pack = ledger::test::published_rules();
  return pack;
}

std::unique_ptr<Submission> submission_of(std::uint32_t first_guid, std::uint32_t items = 1) {
  auto submission = std::make_unique<Submission>();
  submission->first_index = first_guid;
  for (std::uint32_t i = 0; i < items; ++i) {
    ParsedItem& parsed = submission->items.emplace_back();
    parsed.item = a_copayment().guid(first_guid + i).of_person(1 + (first_guid + i) % 97);
    parsed.has_guid = true;
  }
  return submission;
}

/// A store that can fail: its reads break down after so many, or throw.
class BreakingStore final : public ledger::Store {
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
    return memory_.find_registration(key);
  }
  ledger::Result<void> put_registration(const ledger::Fingerprint& key,
                                        const ledger::Registration* before,
                                        const ledger::Registration& after) override {
    return memory_.put_registration(key, before, after);
  }
  ledger::Result<std::optional<ledger::PersonId>> find_person(
      const ledger::EncryptedNumber& number) override {
    return memory_.find_person(number);
  }
  ledger::Result<ledger::PersonId> add_person(const ledger::EncryptedNumber& number) override {
    return memory_.add_person(number);
  }
  ledger::Result<std::optional<ledger::PracticeNumber>> find_practice(
      const ledger::PracticeId& id) override {
    return memory_.find_practice(id);
  }
  ledger::Result<ledger::PracticeNumber> add_practice(const ledger::PracticeId& id) override {
    return memory_.add_practice(id);
  }
  ledger::Result<ledger::PracticeId> practice_id(ledger::PracticeNumber number) override {
    return memory_.practice_id(number);
  }
  ledger::Result<void> load_account(const ledger::AccountKey& key, ledger::Account& out) override {
    return memory_.load_account(key, out);
  }
  ledger::Result<void> put_account(const ledger::AccountKey& key,
                                   const ledger::Account& account) override {
    return memory_.put_account(key, account);
  }
  ledger::Result<void> add_unpaid(const ledger::UnpaidKey& key,
                                  const ledger::UnpaidRegistration& registration) override {
    return memory_.add_unpaid(key, registration);
  }
  ledger::Result<void> remove_unpaid(const ledger::UnpaidKey& key) override {
    return memory_.remove_unpaid(key);
  }
  ledger::Result<void> record_lag(ledger::PracticeNumber practice, ledger::Date service,
                                  ledger::Date received) override {
    return memory_.record_lag(practice, service, received);
  }
  ledger::Result<void> record_tally(const ledger::Tally& tally) override {
    return memory_.record_tally(tally);
  }
  ledger::Result<void> record_events(std::span<const ledger::Event> events) override {
    return memory_.record_events(events);
  }
  void begin_group(Position) override {}
  void finish_group(const ledger::CommitGroup&) override {}
  void note_durable(Position) override {}
  void abandon() override { is_abandoned_ = true; }

  bool is_abandoned() const { return is_abandoned_; }

 private:
  MemoryStore memory_;
  std::uint64_t reads_left_;
  const bool throws_;
  std::atomic<bool> is_abandoned_{false};
};

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
  std::vector<error_code> errors() const {
    const std::lock_guard lock(mutex_);
    return errors_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, int> times_;
  std::size_t complete_ = 0;
  std::vector<error_code> errors_;
};

class IngestorTest : public testing::Test {
 protected:
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

  MemoryStore store_;
  MemoryJournal journal_;
  Deliveries deliveries_;
};

error_code submit(Ingestor& ingestor, std::unique_ptr<Submission> submission) {
  const auto taken = ingestor.submit(submission);
  // Taken, or left untouched.
  EXPECT_EQ(submission == nullptr, taken.has_value());
  return taken ? error_code() : taken.error();
}

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

TEST_F(IngestorTest, answers_every_submission_of_many_threads_once) {
  constexpr std::uint32_t threads = 8;
  constexpr std::uint32_t each = 150;
  // Small groups and others take turns, and so do the threads that commit them.
  const auto items_of = [](std::uint32_t i) {
    return i % 10 == 9 ? small_group_entries + 1 : std::uint32_t{1} + i % 5;
  };
  std::uint32_t items = 0;
  for (std::uint32_t i = 0; i < each; ++i) items += threads * items_of(i);
  const auto ingestor = start(store_, {.waiting_items_max = 4 * small_group_entries});
  std::vector<std::thread> submitters;
  for (std::uint32_t thread = 0; thread < threads; ++thread) {
    submitters.emplace_back([&, thread] {
      for (std::uint32_t i = 0; i < each; ++i) {
        auto submission = submission_of((thread * each + i) * 1000, items_of(i));
        for (;;) {
          const auto taken = ingestor->submit(submission);
          if (taken) break;
          EXPECT_TRUE(taken.error() == make_error_code(Errc::sender_overloaded) ||
                      taken.error() == make_error_code(Errc::overloaded));
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  ingestor->stop();
  expect_each_answered_once(threads * each);
  EXPECT_EQ(deliveries_.complete(), threads * each);
  const IngestFigures figures = ingestor->figures();
  EXPECT_EQ(figures.items, items);
  EXPECT_EQ(figures.accepted, items);
  EXPECT_EQ(figures.waiting_items, 0U);
  EXPECT_EQ(figures.groups, journal_.groups().size());
  EXPECT_EQ(store_.registrations().size(), items);
  EXPECT_EQ(store_.durable_until(), journal_.next_position());
  EXPECT_EQ(ingestor->failure(), "");
}

TEST_F(IngestorTest, puts_what_waits_into_few_groups) {
  const auto ingestor = start(store_);
  journal_.hold();
  EXPECT_EQ(submit(*ingestor, submission_of(1)), error_code());
  journal_.wait_for_appends(1);
  for (std::uint32_t i = 1; i <= 300; ++i) {
    EXPECT_EQ(submit(*ingestor, submission_of(i * 100, 10)), error_code());
  }
  journal_.release();
  ingestor->stop();
  expect_each_answered_once(301);
  // The first alone, up to four that were built while it was held, and the rest in groups of at
  // least 250 items.
  EXPECT_LE(journal_.groups().size(), 17U);
  for (const auto& group : journal_.groups()) EXPECT_LE(group.entries.size(), group_items_max);
}

TEST_F(IngestorTest, never_makes_a_group_larger_than_its_limit) {
  const auto ingestor = start(store_);
  journal_.hold();
  for (std::uint32_t i = 0; i < 20; ++i) {
    EXPECT_EQ(submit(*ingestor, submission_of(1 + i * 1000, 999)), error_code());
  }
  EXPECT_EQ(submit(*ingestor, submission_of(100'000, group_items_max)), error_code());
  journal_.release();
  ingestor->stop();
  expect_each_answered_once(21);
  for (const auto& group : journal_.groups()) EXPECT_LE(group.entries.size(), group_items_max);
}

TEST_F(IngestorTest, refuses_more_than_the_queue_may_hold) {
  const auto ingestor = start(store_, {.waiting_items_max = 100});
  journal_.hold();
  std::uint32_t taken = 0;
  auto submission = submission_of(1, 10);
  // What is being built and committed has left the queue: a bounded number of groups.
  while (ingestor->submit(submission)) {
    ++taken;
    ASSERT_LT(taken, 10'000U);
    submission = submission_of(1 + taken * 10, 10);
  }
  EXPECT_NE(submission, nullptr) << "left with the caller";
  EXPECT_EQ(ingestor->submit(submission).error(), make_error_code(Errc::sender_overloaded));
  EXPECT_LE(ingestor->figures().waiting_items, 50U) << "a lone sender leaves half of it free";
  journal_.release();
  deliveries_.wait_for(taken);
  EXPECT_TRUE(ingestor->submit(submission)) << "there is room again";
  ingestor->stop();
  expect_each_answered_once(taken + 1);
  EXPECT_EQ(deliveries_.complete(), taken + 1);
}

std::unique_ptr<Submission> submission_from(std::string sender, std::uint32_t first_guid,
                                            std::uint32_t items) {
  auto submission = submission_of(first_guid, items);
  submission->sender = std::move(sender);
  return submission;
}

/// The guids of a journal in their order, by group.
std::vector<std::vector<std::uint32_t>> guids_of(const MemoryJournal& journal) {
  std::vector<std::vector<std::uint32_t>> groups;
  for (const ledger::CommitGroup& group : journal.groups()) {
    auto& guids = groups.emplace_back();
    for (const ledger::Entry& entry : group.entries) {
      guids.push_back(ledger::test::number_of(entry.item.guid));
    }
  }
  return groups;
}

/// Groups ahead of whatever comes next, so that it stays in the queue until the journal is
/// released: one is committed, four are built.
constexpr std::size_t groups_ahead = 5;
void hold_up(Ingestor& ingestor, MemoryJournal& journal) {
  journal.hold();
  for (std::uint32_t i = 0; i < groups_ahead; ++i) {
    EXPECT_EQ(
        submit(ingestor, submission_from("early", 900'000 + i * 1000, small_group_entries + 1)),
        error_code());
    while (ingestor.figures().waiting_items != 0) std::this_thread::yield();
    journal.wait_for_appends(1);  // or the first would share its sync with those behind it
  }
  ingestor.between_groups([] {});  // the last one is built
}

TEST_F(IngestorTest, takes_a_modest_sender_into_the_next_two_groups_whatever_a_flood_has_waiting) {
  constexpr std::uint32_t modest_guid = 1'000'000;
  for (const std::uint32_t batch : {1U, 10U, 300U, 1000U, 4096U}) {
    MemoryStore store;
    MemoryJournal journal;
    Deliveries deliveries;
    Ingestor ingestor(
        store, journal, rules(), true, [](const auto&...) { return ledger::ok(); },
        [&](std::vector<std::unique_ptr<Submission>> submissions) {
          deliveries.take(std::move(submissions));
        },
        {});
    hold_up(ingestor, journal);
    std::uint32_t sent = 0;
    error_code refusal;
    while (!refusal) {
      refusal = submit(ingestor, submission_from("flood", 1 + sent, batch));
      if (!refusal) sent += batch;
    }
    EXPECT_EQ(refusal, make_error_code(Errc::sender_overloaded));
    EXPECT_EQ(submit(ingestor, submission_from("modest", modest_guid, 1)), error_code());
    journal.release();
    ingestor.stop();
    const auto groups = guids_of(journal);
    EXPECT_GE(groups.size(), groups_ahead + 8) << "there was no flood";
    std::size_t found = 0;
    while (found < groups.size() && std::find(groups[found].begin(), groups[found].end(),
                                              modest_guid) == groups[found].end()) {
      ++found;
    }
    ASSERT_LT(found, groups_ahead + 2)
        << "batches of " << batch << ", " << groups.size() << " groups";
    EXPECT_LE(groups[found].size(), 256U) << "batches of " << batch << ": a group of many others";
  }
}

TEST_F(IngestorTest, takes_turns_and_keeps_the_order_of_each_sender) {
  const auto ingestor = start(store_);
  hold_up(*ingestor, journal_);
  // All of the first, then all of the second, then all of the third; of very different sizes.
  constexpr std::array<std::uint32_t, 3> batches{200, 50, 7};
  constexpr std::uint32_t items_each = 8'400;
  for (std::uint32_t sender = 0; sender < batches.size(); ++sender) {
    for (std::uint32_t first = 0; first < items_each; first += batches[sender]) {
      EXPECT_EQ(submit(*ingestor, submission_from(std::to_string(sender),
                                                  1 + sender * 100'000 + first, batches[sender])),
                error_code());
    }
  }
  journal_.release();
  ingestor->stop();
  std::array<std::uint32_t, 3> taken{};
  for (const auto& group : guids_of(journal_)) {
    for (const std::uint32_t guid : group) {
      const std::uint32_t sender = (guid - 1) / 100'000;
      if (sender >= taken.size()) continue;  // held up the others
      EXPECT_EQ((guid - 1) % 100'000, taken[sender]) << "out of order: sender " << sender;
      ++taken[sender];
      const auto [least, most] = std::minmax_element(taken.begin(), taken.end());
      if (*most < items_each) {
        EXPECT_LE(*most - *least, 200U) << "one batch ahead at most";
      }
    }
  }
  EXPECT_EQ(taken, (std::array<std::uint32_t, 3>{items_each, items_each, items_each}));
}

TEST_F(IngestorTest, leaves_room_for_senders_who_have_nothing_waiting) {
  const auto ingestor = start(store_, {.waiting_items_max = 1200});
  hold_up(*ingestor, journal_);
  std::uint32_t guid = 1;
  const auto send = [&](const std::string& sender, std::uint32_t items) {
    guid += 1000;
    return submit(*ingestor, submission_from(sender, guid, items));
  };
  for (std::uint32_t i = 0; i < 6; ++i) EXPECT_EQ(send("first", 100), error_code());
  EXPECT_EQ(send("first", 100), make_error_code(Errc::sender_overloaded));
  EXPECT_EQ(ingestor->check("first", 1).error(), make_error_code(Errc::sender_overloaded));
  EXPECT_TRUE(ingestor->check("second", 600));
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(send("second", 100), error_code());
  EXPECT_EQ(send("second", 100), make_error_code(Errc::sender_overloaded));
  EXPECT_EQ(send("third", 100), error_code());
  EXPECT_EQ(send("fourth", 300), make_error_code(Errc::overloaded)) << "no fault of its own";
  EXPECT_EQ(send("fourth", 200), error_code());
  journal_.release();
  ingestor->stop();
}

TEST_F(IngestorTest, answers_all_it_has_when_stopped) {
  const auto ingestor = start(store_);
  journal_.hold();
  for (std::uint32_t i = 1; i <= 50; ++i) {
    EXPECT_EQ(submit(*ingestor, submission_of(i * 10, 3)), error_code());
  }
  auto stopped = std::async(std::launch::async, [&] { ingestor->stop(); });
  auto late = submission_of(10'000);
  error_code refusal;
  while (refusal != make_error_code(Errc::shutting_down)) {
    const auto taken = ingestor->submit(late);
    if (!taken) refusal = taken.error();
    if (!late) late = submission_of(10'000);
    std::this_thread::yield();
    if (taken) break;  // the stop has not begun: this one belongs to those that are answered
  }
  journal_.release();
  stopped.get();
  EXPECT_EQ(submit(*ingestor, submission_of(20'000)), make_error_code(Errc::shutting_down));
  for (std::uint32_t i = 1; i <= 50; ++i) EXPECT_EQ(deliveries_.times()[i * 10], 1) << i;
  EXPECT_TRUE(deliveries_.errors().empty());
  EXPECT_EQ(journal_.next_position(), store_.durable_until());
}

TEST_F(IngestorTest, stops_without_any_work) {
  start(store_)->stop();
  start(store_).reset();
  EXPECT_EQ(journal_.append_count(), 0U);
}

TEST_F(IngestorTest, answers_everything_with_an_error_when_the_journal_fails) {
  for (std::uint64_t fail_at = 1; fail_at <= 4; ++fail_at) {
    MemoryStore store;
    MemoryJournal journal;
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

TEST_F(IngestorTest, syncs_once_for_all_groups_that_were_built_meanwhile) {
  const auto ingestor = start(store_);
  hold_up(*ingestor, journal_);
  journal_.release();
  ingestor->stop();
  EXPECT_EQ(journal_.groups().size(), groups_ahead);
  EXPECT_EQ(journal_.append_count(), 2U) << "the first alone, the others together";
  expect_each_answered_once(groups_ahead);
  EXPECT_EQ(deliveries_.complete(), groups_ahead);
  const IngestFigures figures = ingestor->figures();
  EXPECT_EQ(figures.groups, groups_ahead);
  EXPECT_EQ(figures.accepted, groups_ahead * (small_group_entries + 1));
  EXPECT_EQ(store_.durable_until(), journal_.next_position());
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
    MemoryJournal journal;
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
  EXPECT_NE(ingestor->failure().find("state"), std::string::npos) << ingestor->failure();
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

TEST_F(IngestorTest, calls_back_when_a_position_is_durable) {
  const auto ingestor = start(store_);
  std::promise<error_code> first;
  ingestor->when_durable(Position{1}, [&](error_code error) { first.set_value(error); });
  EXPECT_EQ(first.get_future().get(), error_code()) << "at once: there is nothing before it";

  journal_.hold();
  std::promise<error_code> later;
  std::atomic<bool> is_called{false};
  EXPECT_EQ(submit(*ingestor, submission_of(1, 4)), error_code());
  ingestor->when_durable(Position{6}, [&](error_code error) {
    is_called = true;
    later.set_value(error);
  });
  journal_.wait_for_appends(1);
  EXPECT_FALSE(is_called);
  journal_.release();
  EXPECT_EQ(later.get_future().get(), error_code());
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

TEST_F(IngestorTest, delivers_a_dry_run_when_what_it_read_is_durable) {
  journal_.hold();
  std::promise<void> answered;
  std::atomic<std::uint64_t> appended{0};
  auto ingestor = std::make_unique<Ingestor>(
      store_, journal_, rules(), true, [](const auto&...) { return ledger::ok(); },
      [&](std::vector<std::unique_ptr<Submission>> submissions) {
        for (const auto& submission : submissions) {
          if (!submission->is_dry_run) continue;
          appended = journal_.next_position().value();
          EXPECT_FALSE(submission->error);
          EXPECT_EQ(submission->outcomes.front().disposition, ledger::Disposition::duplicate);
          EXPECT_TRUE(submission->outcomes.front().verdict.is_given());
          answered.set_value();
        }
      },
      Ingestor::Options{});
  auto item = submission_of(1);
  ASSERT_TRUE(ingestor->submit(item));
  journal_.wait_for_appends(1);
  auto dry = submission_of(1);
  dry->is_dry_run = true;
  dry->sender = "another";
  ASSERT_TRUE(ingestor->submit(dry));
  auto answer = answered.get_future();
  EXPECT_EQ(answer.wait_for(std::chrono::milliseconds{50}), std::future_status::timeout);
  journal_.release();
  answer.get();
  EXPECT_EQ(appended, 3U) << "one group, and the dry run took no place";
  ingestor->stop();
  EXPECT_EQ(ingestor->figures().items, 1U);
  EXPECT_EQ(ingestor->figures().duplicate, 0U);
  EXPECT_EQ(ingestor->figures().groups, 1U);
}

TEST_F(IngestorTest, calls_back_with_an_error_when_it_stops_before_a_position) {
  const auto ingestor = start(store_);
  std::promise<error_code> waiting;
  ingestor->when_durable(Position{1000}, [&](error_code error) { waiting.set_value(error); });
  ingestor->stop();
  auto called = waiting.get_future();
  ASSERT_EQ(called.wait_for(std::chrono::seconds{0}), std::future_status::ready);
  EXPECT_EQ(called.get(), make_error_code(Errc::store_unavailable));
  std::promise<error_code> afterwards;
  ingestor->when_durable(Position{1000}, [&](error_code error) { afterwards.set_value(error); });
  EXPECT_EQ(afterwards.get_future().get(), make_error_code(Errc::store_unavailable));
}

}  // namespace
}  // namespace ingest::test
