// A dry run answers what would be answered, and leaves nothing.

#include <gtest/gtest.h>

#include "ingest/writer/result_text.h"
#include "tests/ingest/writer/group_writer_fixture.h"
#include "tests/storage/workload.h"
#include "tests/support/print.h"

namespace ingest::test {
namespace {

using ledger::Code;
using ledger::Disposition;
using ledger::Item;
using ledger::Position;
using ledger::test::a_copayment;
using ledger::test::a_credit_note;
using ledger::test::a_payment;
using ledger::test::MemoryStore;

std::unique_ptr<Submission> dry_run_of(const std::vector<Item>& items, bool is_atomic = false) {
  auto submission = submission_of(items, is_atomic);
  submission->is_dry_run = true;
  return submission;
}

TEST_F(GroupWriterTest, answers_a_dry_run_and_keeps_nothing) {
  commit_one(submission_of({a_copayment().guid(1)}));
  const Position next = journal_.next_position();
  const MemoryStore before = store_;
  PendingGroup pending = group_of(dry_run_of(
      {a_copayment().guid(1), a_copayment().guid(2), a_copayment().guid(2), a_payment().guid(9)}));
  commit(pending);
  const Submission& answered = *pending.submissions.front();
  EXPECT_EQ(verdicts_of(answered),
            (Verdicts{"duplicate", "accepted", "duplicate", "UNKNOWN_ORIGINAL"}));
  EXPECT_EQ(answered.outcomes[0].verdict.position, Position{2}) << "it is stored";
  EXPECT_FALSE(answered.outcomes[1].verdict.is_given());
  EXPECT_FALSE(answered.outcomes[2].verdict.is_given());
  EXPECT_EQ(answered.results.find("\"position\""), answered.results.rfind("\"position\""));
  EXPECT_EQ(answered.seal, nullptr);
  EXPECT_FALSE(has_receipt(answered));
  EXPECT_EQ(journal_.next_position(), next);
  EXPECT_EQ(journal_.append_count(), 1U);
  EXPECT_EQ(store_.registrations(), before.registrations());
  EXPECT_EQ(store_.tallies().size(), before.tallies().size());
  commit_one(submission_of({a_copayment().guid(3)}));
  EXPECT_EQ(journal_.groups().back().position, next) << "a dry run takes no position";
}

TEST_F(GroupWriterTest, answers_a_dry_run_by_what_its_group_has_so_far) {
  PendingGroup pending = group_of(submission_of({a_copayment().guid(1)}),
                                  dry_run_of({a_copayment().guid(1), a_copayment().guid(2)}),
                                  submission_of({a_copayment().guid(2)}));
  commit(pending);
  EXPECT_EQ(verdicts_of(*pending.submissions[1]), (Verdicts{"duplicate", "accepted"}));
  EXPECT_EQ(pending.submissions[1]->outcomes[0].verdict.position, Position{2});
  EXPECT_FALSE(pending.submissions[1]->outcomes[1].verdict.is_given());
  EXPECT_EQ(verdicts_of(*pending.submissions[2]), Verdicts{"accepted"});
  EXPECT_TRUE(has_receipt(*pending.submissions[0]));
  EXPECT_TRUE(has_receipt(*pending.submissions[2]));
  EXPECT_EQ(pending.submissions[2]->place, 1U) << "the dry run has no leaf";
  EXPECT_EQ(pending.submissions[2]->seal->paths.size(), 2U);
}

TEST_F(GroupWriterTest, aborts_an_atomic_dry_run) {
  PendingGroup pending = group_of(dry_run_of({a_copayment().guid(1), a_payment().guid(9)}, true));
  commit(pending);
  EXPECT_EQ(verdicts_of(*pending.submissions.front()),
            (Verdicts{"ATOMIC_ABORTED", "UNKNOWN_ORIGINAL"}));
  EXPECT_TRUE(noted_.empty()) << "nothing was told";
}

TEST_F(GroupWriterTest, notes_what_a_dry_run_tells_of_persons) {
  commit_one(submission_of({a_copayment().guid(1).of_ore(500'000)}));
  PendingGroup pending = group_of(
      dry_run_of({a_copayment().guid(1).of_ore(500'000), a_copayment().guid(2).of_person(77),
                  a_copayment().guid(3).of_ore(0).exempt_for('F').of_person(77),
                  a_credit_note().guid(1), a_payment().guid(9)}));
  pending.submissions.front()->correlation_id = "c";
  commit(pending);
  EXPECT_EQ(noted_, (std::vector<std::string>{"c 1 yes", "c 2 no", "c 3 no"}));
}

TEST_F(GroupWriterTest, refuses_a_dry_run_that_cannot_be_logged) {
  is_log_full_ = true;
  PendingGroup pending = group_of(dry_run_of({a_copayment().guid(1)}));
  commit(pending);
  EXPECT_EQ(pending.submissions.front()->error, make_error_code(ledger::Errc::overloaded));
  EXPECT_TRUE(pending.submissions.front()->results.empty());
}

TEST_F(GroupWriterTest, refuses_an_aborted_dry_run_whose_question_cannot_be_logged) {
  is_log_full_ = true;
  const Item asks = a_copayment().guid(1).of_ore(0).exempt_for('F');
  PendingGroup pending = group_of(dry_run_of({asks, a_payment().guid(9)}, true));
  commit(pending);
  EXPECT_EQ(pending.submissions.front()->error, make_error_code(ledger::Errc::overloaded));
  EXPECT_TRUE(pending.submissions.front()->results.empty());
}

TEST_F(GroupWriterTest, gives_no_receipt_for_what_stored_nothing) {
  commit_one(submission_of({a_copayment().guid(1)}));
  PendingGroup pending =
      group_of(submission_of({a_copayment().guid(1), a_payment().guid(9)}),
               submission_of({a_copayment().guid(2), a_payment().guid(9)}),
               submission_of({a_copayment().guid(3), a_payment().guid(9)}, true));
  commit(pending);
  EXPECT_FALSE(has_receipt(*pending.submissions[0]));
  EXPECT_TRUE(has_receipt(*pending.submissions[1]));
  EXPECT_FALSE(has_receipt(*pending.submissions[2]));
}

TEST(GroupWriterProperty, rehearses_exactly_what_it_then_does) {
  constexpr std::uint64_t seed = 11;
  MemoryStore store;
  MemoryJournal journal;
  const auto ignore = [](const auto&...) { return ledger::ok(); };
  GroupWriter writer(store, journal, rules(), true, ignore);
  storage::test::Workload workload(seed);
  int committed = 0;
  int aborted = 0;
  for (int round = 0; round < 1'500; ++round) {
    const std::vector<Item> items = workload.take(1 + static_cast<std::size_t>(round) % 9);
    PendingGroup dry = group_of(dry_run_of(items, true));
    ASSERT_TRUE(writer.build(dry, committed_at));
    ASSERT_TRUE(writer.commit({&dry, 1}));
    const MemoryStore before = store;
    PendingGroup atomic = group_of(submission_of(items, true));
    ASSERT_TRUE(writer.build(atomic, committed_at));
    ASSERT_TRUE(writer.commit({&atomic, 1}));
    const Submission& answered = *atomic.submissions.front();
    ASSERT_EQ(verdicts_of(*dry.submissions.front()), verdicts_of(answered)) << "round " << round;

    // What the same items get where each stands alone.
    MemoryStore alone = before;
    MemoryJournal fresh;
    GroupWriter other(alone, fresh, rules(), false, ignore);
    PendingGroup single = group_of(submission_of(items));
    ASSERT_TRUE(other.build(single, committed_at));
    const Submission& expected = *single.submissions.front();
    bool has_rejection = false;
    for (const auto& outcome : expected.outcomes) {
      has_rejection = has_rejection || outcome.disposition == Disposition::rejected;
    }
    ASSERT_EQ(answered.outcomes.size(), items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      const ledger::Outcome& outcome = answered.outcomes[i];
      const ledger::Outcome& wanted = expected.outcomes[i];
      SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round));
      if (has_rejection) {
        ASSERT_EQ(outcome.disposition, Disposition::rejected);
        ASSERT_EQ(outcome.rejection, wanted.disposition == Disposition::rejected
                                         ? wanted.rejection
                                         : Code::atomic_aborted);
      } else {
        ASSERT_EQ(outcome.disposition, wanted.disposition);
        ASSERT_EQ(outcome.verdict.counted, wanted.verdict.counted);
        ASSERT_EQ(outcome.verdict.exempt, wanted.verdict.exempt);
        ASSERT_EQ(outcome.verdict.reason, wanted.verdict.reason);
      }
    }
    if (has_rejection) {
      ++aborted;
      ASSERT_TRUE(journal.groups().back().entries.empty());
      ASSERT_EQ(store.registrations(), before.registrations());
      ASSERT_EQ(store.accounts(), before.accounts());
      ASSERT_EQ(store.persons(), before.persons());
      ASSERT_EQ(store.practices(), before.practices());
      ASSERT_EQ(store.events(), before.events());
    } else {
      ++committed;
      ASSERT_EQ(store.registrations().size(), alone.registrations().size());
      ASSERT_EQ(store.events().size(), alone.events().size());
    }
  }
  EXPECT_GT(committed, 100);
  EXPECT_GT(aborted, 100);
}

}  // namespace
}  // namespace ingest::test
