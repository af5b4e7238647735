#include "ingest/writer/group_writer.h"

#include <gtest/gtest.h>

#include "ledger/values/rfc3339.h"
#include "tests/ingest/writer/group_writer_fixture.h"
#include "tests/support/print.h"

namespace ingest::test {
namespace {

using ledger::Code;
using ledger::Item;
using ledger::Position;
using ledger::test::a_copayment;
using ledger::test::a_credit_note;
using ledger::test::a_payment;
using ledger::test::MemoryStore;

TEST_F(GroupWriterTest, answers_every_submission_of_a_group) {
  auto first = submission_of({a_copayment().guid(1), a_copayment().guid(2).paid(false)});
  auto second = submission_of({a_copayment().guid(3), a_payment().guid(2)});
  second->first_index = 1000;
  PendingGroup pending = group_of(std::move(first), std::move(second));
  commit(pending);
  EXPECT_EQ(pending.submissions[0]->results,
            "{\"index\":0,\"guid\":\"00000000-0000-0000-0000-000000000001\",\"verdict\":"
            "\"accepted\",\"counted\":true,\"exempt\":false,\"position\":\"0-2\"}\n"
            "{\"index\":1,\"guid\":\"00000000-0000-0000-0000-000000000002\",\"verdict\":"
            "\"accepted\",\"code\":\"UNPAID\",\"counted\":false,\"exempt\":false,\"position\":"
            "\"0-3\"}\n");
  EXPECT_EQ(pending.submissions[1]->results,
            "{\"index\":1000,\"guid\":\"00000000-0000-0000-0000-000000000003\",\"verdict\":"
            "\"accepted\",\"counted\":true,\"exempt\":false,\"position\":\"0-4\"}\n"
            "{\"index\":1001,\"guid\":\"00000000-0000-0000-0000-000000000002\",\"verdict\":"
            "\"accepted\",\"counted\":true,\"exempt\":false,\"position\":\"0-5\"}\n");
  ASSERT_EQ(journal_.groups().size(), 1U);
  EXPECT_EQ(journal_.groups()[0].entries.size(), 4U);
  EXPECT_EQ(journal_.groups()[0].committed_at, committed_at);
  EXPECT_EQ(journal_.next_position(), Position{6});
}

TEST_F(GroupWriterTest, tells_the_journal_the_rules_once) {
  commit_one(submission_of({a_copayment().guid(1)}));
  commit_one(submission_of({a_copayment().guid(2)}));
  ASSERT_TRUE(journal_.groups()[0].new_rules.has_value());
  EXPECT_EQ(ledger::RulePack::canonical_text(*journal_.groups()[0].new_rules),
            ledger::RulePack::canonical_text(rules().ceilings()));
  EXPECT_FALSE(journal_.groups()[1].new_rules.has_value());
  EXPECT_EQ(journal_.groups()[1].rule_pack, rules().hash());
}

TEST_F(GroupWriterTest, sees_duplicates_within_a_group_and_within_a_submission) {
  const Item item = a_copayment().guid(1);
  const Item other = a_copayment().guid(1).of_ore(1);
  PendingGroup pending =
      group_of(submission_of({item, item, other}), submission_of({item, a_copayment().guid(2)}));
  commit(pending);
  EXPECT_EQ(verdicts_of(*pending.submissions[0]),
            (Verdicts{"accepted", "duplicate", "CONTENT_CONFLICT"}));
  EXPECT_EQ(verdicts_of(*pending.submissions[1]), (Verdicts{"duplicate", "accepted"}));
  EXPECT_EQ(pending.submissions[1]->outcomes[0].verdict,
            pending.submissions[0]->outcomes[0].verdict);
  EXPECT_EQ(journal_.groups()[0].entries.size(), 2U);
}

TEST_F(GroupWriterTest, sees_the_effect_of_earlier_items_of_the_group) {
  const auto amount = [](std::uint32_t guid, std::int64_t ore) {
    return a_copayment().guid(guid).of_ore(ore);
  };
  PendingGroup pending = group_of(submission_of({amount(1, 327'799), amount(2, 1), amount(3, 500)}),
                                  submission_of({a_credit_note().guid(3)}));
  commit(pending);
  EXPECT_FALSE(pending.submissions[0]->outcomes[0].verdict.exempt);
  EXPECT_TRUE(pending.submissions[0]->outcomes[1].verdict.exempt);
  const ledger::Account account = store_.account({ledger::PersonId{1}, 2025});
  EXPECT_EQ(account.refund_lines.size(), 2U);
  EXPECT_EQ(account.refunded().ore(), 0);
}

TEST_F(GroupWriterTest, keeps_the_order_of_refused_and_accepted_items) {
  EXPECT_EQ(commit_one(submission_of({refused(Code::malformed_item), parsed(a_copayment().guid(1)),
                                      refused(Code::missing_field), parsed(a_payment().guid(9))})),
            (Verdicts{"MALFORMED_ITEM", "accepted", "MISSING_FIELD", "UNKNOWN_ORIGINAL"}));
  EXPECT_EQ(journal_.groups()[0].entries.size(), 1U);
}

TEST_F(GroupWriterTest, commits_a_group_without_any_entry) {
  EXPECT_EQ(commit_one(submission_of({refused(Code::malformed_item)})), Verdicts{"MALFORMED_ITEM"});
  EXPECT_EQ(journal_.next_position(), Position{2});
  EXPECT_EQ(commit_one(submission_of({a_copayment().guid(1)})), Verdicts{"accepted"});
}

TEST_F(GroupWriterTest, counts_rejections_and_resends_by_practice_month_and_code) {
  const Item item = a_copayment().guid(1).by("7");
  ParsedItem late = parsed(a_copayment().guid(2).by("7").received_at("2026-03-01T10:00:00+01:00"));
  std::vector<ParsedItem> items{parsed(item),
                                parsed(item),
                                parsed(item),
                                late,
                                refused(Code::malformed_item),
                                refused(Code::malformed_item)};
  commit_one(submission_of(std::move(items)));
  std::vector<std::string> tallies;
  for (const ledger::Tally& tally : journal_.groups()[0].tallies) {
    tallies.push_back(std::string(tally.practice.view()) + ' ' + ledger::to_string(tally.month) +
                      ' ' + std::string(name_of(tally.code)) + ' ' + std::to_string(tally.count));
  }
  EXPECT_EQ(tallies, (std::vector<std::string>{" 2025-06 MALFORMED_ITEM 2", "7 2025-03  2",
                                               "7 2026-03 TIME_BARRED 1"}));
  EXPECT_EQ(store_.tallies().size(), 3U);
  commit_one(submission_of({a_copayment().guid(3)}));
  EXPECT_TRUE(journal_.groups()[1].tallies.empty()) << "tallies of the group before";
}

TEST_F(GroupWriterTest, notes_every_item_that_asks_for_a_card) {
  const auto exempt = [](std::uint32_t guid) {
    return a_copayment().guid(guid).of_ore(0).exempt_for('F');
  };
  auto submission = submission_of({exempt(1), exempt(2).of_person(9),
                                   a_copayment().guid(3).of_ore(ledger::amount_max.ore()),
                                   exempt(4), a_copayment().guid(5).of_ore(0).exempt_for('G')});
  submission->correlation_id = "c1";
  EXPECT_EQ(commit_one(std::move(submission)), (Verdicts{"NO_CARD_REGISTERED", "NO_CARD_REGISTERED",
                                                         "accepted", "accepted", "accepted"}));
  EXPECT_EQ(noted_, (std::vector<std::string>{"c1 1 no", "c1 2 no", "c1 4 yes"}));
}

TEST_F(GroupWriterTest, notes_no_item_that_is_answered_before_that_question) {
  const auto exempt = [](std::uint32_t guid) {
    return a_copayment().guid(guid).of_ore(0).exempt_for('F');
  };
  commit_one(submission_of({a_copayment().guid(1).of_ore(ledger::amount_max.ore()), exempt(2)}));
  noted_.clear();
  ParsedItem refused_by_parser = parsed(exempt(3));
  refused_by_parser.refusal = Code::invalid_paid;
  EXPECT_EQ(
      commit_one(submission_of(
          {parsed(exempt(2)), parsed(exempt(1)), refused_by_parser,
           parsed(exempt(4).on("2011-03-01T10:00:00+01:00")),
           parsed(exempt(5).on("2025-03-01T10:00:00Z").received_at("2025-02-01T10:00:00Z")),
           parsed(exempt(6).on("2024-03-01T10:00:00Z").received_at("2025-03-01T10:00:00Z"))})),
      (Verdicts{"duplicate", "CONTENT_CONFLICT", "INVALID_PAID", "NO_RULES_FOR_YEAR",
                "FUTURE_SERVICE_TIME", "TIME_BARRED"}));
  EXPECT_TRUE(noted_.empty()) << noted_.front();
}

TEST_F(GroupWriterTest, builds_no_group_with_a_question_for_a_card_that_cannot_be_logged) {
  is_log_full_ = true;
  const Item asks = a_copayment().guid(2).of_ore(0).exempt_for('F');
  PendingGroup one = group_of(submission_of({a_copayment().guid(1), asks}));
  EXPECT_EQ(writer_.build(one, committed_at).error(), make_error_code(ledger::Errc::overloaded));
}

TEST_F(GroupWriterTest, builds_no_group_with_such_a_question_of_an_aborted_submission) {
  is_log_full_ = true;
  const Item asks = a_copayment().guid(2).of_ore(0).exempt_for('F');
  PendingGroup aborted = group_of(submission_of({asks, a_payment().guid(77)}, true));
  EXPECT_EQ(writer_.build(aborted, committed_at).error(),
            make_error_code(ledger::Errc::overloaded));
}

TEST_F(GroupWriterTest, needs_no_log_for_items_that_ask_nothing) {
  is_log_full_ = true;
  EXPECT_EQ(commit_one(submission_of({a_copayment().guid(1)})), Verdicts{"accepted"});
}

// ---- all or nothing ----

TEST_F(GroupWriterTest, commits_an_atomic_submission_whole) {
  const Item item = a_copayment().guid(1).paid(false);
  EXPECT_EQ(
      commit_one(submission_of({item, item, a_payment().guid(1), a_credit_note().guid(1)}, true)),
      (Verdicts{"accepted", "duplicate", "accepted", "accepted"}));
  EXPECT_EQ(journal_.groups()[0].entries.size(), 3U);
}

TEST_F(GroupWriterTest, commits_nothing_of_an_atomic_submission_with_a_rejection) {
  commit_one(submission_of({a_copayment().guid(100)}));
  const MemoryStore before = store_;
  PendingGroup pending =
      group_of(submission_of({parsed(a_copayment().guid(1)), parsed(a_copayment().guid(100)),
                              refused(Code::invalid_paid), parsed(a_payment().guid(77)),
                              parsed(a_copayment().guid(2).of_person(9).by("99"))},
                             true),
               submission_of({a_copayment().guid(3)}));
  commit(pending);
  EXPECT_EQ(verdicts_of(*pending.submissions[0]),
            (Verdicts{"ATOMIC_ABORTED", "ATOMIC_ABORTED", "INVALID_PAID", "UNKNOWN_ORIGINAL",
                      "ATOMIC_ABORTED"}));
  EXPECT_EQ(verdicts_of(*pending.submissions[1]), Verdicts{"accepted"}) << "the others go on";
  EXPECT_EQ(journal_.groups()[1].entries.size(), 1U);
  EXPECT_EQ(store_.registrations().size(), before.registrations().size() + 1);
  EXPECT_EQ(store_.persons().size(), before.persons().size());
  EXPECT_TRUE(pending.submissions[0]->seal) << "the refusal is an answer, too";
}

TEST_F(GroupWriterTest, notes_a_question_of_an_atomic_submission_once) {
  const auto exempt = [](std::uint32_t guid) {
    return a_copayment().guid(guid).of_ore(0).exempt_for('F');
  };
  commit_one(submission_of({a_copayment().guid(1), exempt(2)}, true));
  EXPECT_EQ(noted_, std::vector<std::string>{" 2 no"});
  noted_.clear();
  const Item crossing = a_copayment().guid(3).of_ore(ledger::amount_max.ore());
  commit_one(submission_of({crossing, exempt(4), a_payment().guid(77)}, true));
  EXPECT_EQ(noted_, std::vector<std::string>{" 4 unanswered"}) << "all is ATOMIC_ABORTED";
  noted_.clear();
  commit_one(submission_of({crossing, exempt(4)}, true));
  EXPECT_EQ(noted_, std::vector<std::string>{" 4 yes"});
}

TEST_F(GroupWriterTest, tells_nobody_of_a_group_that_was_not_kept) {
  journal_.fail_at(1);
  PendingGroup pending = group_of(submission_of({a_copayment().guid(1)}));
  ASSERT_TRUE(writer_.build(pending, committed_at));
  const auto committed = writer_.commit({&pending, 1});
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error(), ledger::make_error_code(ledger::Errc::store_unavailable));
  EXPECT_TRUE(pending.submissions[0]->results.empty());
  EXPECT_FALSE(pending.submissions[0]->seal);
}

}  // namespace
}  // namespace ingest::test
