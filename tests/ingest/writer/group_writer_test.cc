#include "ingest/writer/group_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "ingest/writer/result_text.h"
#include "ledger/values/rfc3339.h"
#include "storage/crypto/crypto.h"
#include "tests/ingest/writer/memory_journal.h"
#include "tests/storage/workload.h"
#include "tests/support/memory_store.h"
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

constexpr ledger::Instant committed_at{1'750'000'000, 0};

const ledger::RulePack& rules() {
  static const ledger::RulePack pack = ledger::test::published_rules();
  return pack;
}

ParsedItem parsed(const Item& item) {
  ParsedItem parsed;
  parsed.item = item;
  parsed.has_guid = true;
  return parsed;
}

ParsedItem refused(Code code) {
  ParsedItem parsed;
  parsed.refusal = code;
  parsed.item.received = committed_at;
  return parsed;
}

std::unique_ptr<Submission> submission_of(std::vector<ParsedItem> items, bool is_atomic = false) {
  auto submission = std::make_unique<Submission>();
  submission->items = std::move(items);
  submission->is_atomic = is_atomic;
  return submission;
}

std::unique_ptr<Submission> submission_of(const std::vector<Item>& items, bool is_atomic = false) {
  std::vector<ParsedItem> all;
  for (const Item& item : items) all.push_back(parsed(item));
  return submission_of(std::move(all), is_atomic);
}

template <class... More>
PendingGroup group_of(std::unique_ptr<Submission> first, More... more) {
  PendingGroup pending;
  pending.submissions.push_back(std::move(first));
  (pending.submissions.push_back(std::move(more)), ...);
  return pending;
}

/// Each verdict in one word.
std::vector<std::string> verdicts_of(const Submission& submission) {
  std::vector<std::string> verdicts;
  for (const ledger::Outcome& outcome : submission.outcomes) {
    verdicts.emplace_back(outcome.disposition == Disposition::accepted ? "accepted"
                          : outcome.disposition == Disposition::duplicate
                              ? "duplicate"
                              : name_of(outcome.rejection));
  }
  return verdicts;
}
using Verdicts = std::vector<std::string>;

class GroupWriterTest : public testing::Test {
 protected:
  void commit(PendingGroup& pending) {
    ASSERT_TRUE(writer_.build(pending, committed_at));
    ASSERT_TRUE(writer_.commit({&pending, 1}));
  }
  std::vector<std::string> commit_one(std::unique_ptr<Submission> submission) {
    PendingGroup pending = group_of(std::move(submission));
    commit(pending);
    return verdicts_of(*pending.submissions.front());
  }

  MemoryStore store_;
  MemoryJournal journal_;
  std::vector<std::string> noted_;
  bool is_log_full_ = false;
  GroupWriter writer_{
      store_, journal_, rules(), true,
      [this](const Submission& submission, const ParsedItem& item, std::optional<bool> exempt) {
        noted_.push_back(submission.correlation_id + ' ' +
                         std::to_string(ledger::test::number_of(item.item.guid)) +
                         (!exempt   ? " unanswered"
                          : *exempt ? " yes"
                                    : " no"));
        return is_log_full_ ? ledger::Result<void>(ledger::Errc::overloaded) : ledger::ok();
      }};
};

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

// ---- receipts ----

ledger::Digest digest_of(const boost::json::value& hex) {
  const std::string text(hex.as_string());
  ledger::Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(std::stoi(text.substr(i * 2, 2), nullptr, 16));
  }
  return digest;
}

std::string receipt_of(const Submission& submission) {
  std::string text;
  append_receipt(text, submission);
  return text;
}

/// As somebody does who has results and receipt and nothing else.
bool leads_to_root(const std::string& results, const std::string& receipt_text) {
  const boost::json::value receipt = boost::json::parse(receipt_text);
  const auto view = [](const ledger::Digest& digest) {
    return std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size());
  };
  ledger::Digest at = storage::sha256(std::string_view("\0", 1), results);
  for (const boost::json::value& step : receipt.at("path").as_array()) {
    const boost::json::object& neighbour = step.as_object();
    if (neighbour.contains("left")) {
      at = storage::sha256("\x01", view(digest_of(neighbour.at("left"))), view(at));
    } else {
      at = storage::sha256("\x01", view(at), view(digest_of(neighbour.at("right"))));
    }
  }
  return at == digest_of(receipt.at("root"));
}

TEST_F(GroupWriterTest, gives_receipts_that_lead_from_the_results_to_the_root) {
  std::uint32_t guid = 1;
  for (std::size_t count = 1; count <= 17; ++count) {
    PendingGroup pending;
    for (std::size_t i = 0; i < count; ++i) {
      pending.submissions.push_back(
          submission_of({a_copayment().guid(guid), a_copayment().guid(guid + 1)}));
      pending.submissions.back()->first_index = 100 * i;
      guid += 2;
    }
    commit(pending);
    for (std::size_t i = 0; i < count; ++i) {
      const Submission& submission = *pending.submissions[i];
      const std::string text = receipt_of(submission);
      EXPECT_TRUE(leads_to_root(submission.results, text)) << i << " of " << count;
      EXPECT_FALSE(leads_to_root(submission.results + " ", text));
      const boost::json::value receipt = boost::json::parse(text);
      EXPECT_EQ(receipt.at("first").to_number<std::size_t>(), 100 * i);
      EXPECT_EQ(receipt.at("last").to_number<std::size_t>(), 100 * i + 1);
      EXPECT_EQ(receipt.at("position").as_string(),
                "0-" + std::to_string(pending.group.position.value()));
    }
    EXPECT_FALSE(count > 1 && leads_to_root(pending.submissions[0]->results,
                                            receipt_of(*pending.submissions[1])));
  }
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
