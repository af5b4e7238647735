#include "ingest/writer/ingestor.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/ingest/writer/ingestor_fixture.h"

namespace ingest::test {
namespace {

using boost::system::error_code;
using ledger::Errc;
using ledger::make_error_code;
using ledger::Position;
using ledger::test::MemoryStore;

/// The same whenever the journal tells what has become of an append.
class ManyThreadsTest : public IngestorTest {
 protected:
  using IngestorTest::IngestorTest;
  void expect_answers();
};

void ManyThreadsTest::expect_answers() {
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

TEST_F(ManyThreadsTest, are_answered_once_each) { expect_answers(); }

class LateJournalTest : public ManyThreadsTest {
 protected:
  LateJournalTest() : ManyThreadsTest(MemoryJournal::Tells::later) {}
};

TEST_F(LateJournalTest, has_every_submission_of_many_threads_answered_once) { expect_answers(); }

TEST_F(LateJournalTest, is_waited_for_when_the_ingestor_stops) {
  const auto ingestor = start(store_);
  journal_.hold();
  // The building thread commits it, and does not wait.
  EXPECT_EQ(submit(*ingestor, submission_of(1)), error_code());
  journal_.wait_for_appends(1);
  ingestor->between_groups([] {});
  EXPECT_EQ(submit(*ingestor, submission_of(10)), error_code());
  std::thread release([this] { journal_.release(); });
  ingestor->stop();
  release.join();
  expect_each_answered_once(2);
  EXPECT_EQ(deliveries_.complete(), 2U);
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

/// The guids of a journal in their order, by group.
std::vector<std::vector<std::uint32_t>> guids_of(const MemoryJournal& journal) {
  std::vector<std::vector<std::uint32_t>> groups;
  for (const ledger::CommitGroup& group : journal.groups()) {
    auto& guids = groups.emplace_back();
    for (const ledger::Entry& any : group.entries) {
      const ledger::ItemEntry& entry = *item_of(any);
      guids.push_back(ledger::test::number_of(entry.item.guid));
    }
  }
  return groups;
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
