#include "tests/storage/state/state_store_fixture.h"

#include <set>
#include <utility>

#include "ledger/values/rfc3339.h"

namespace storage::test {
namespace {

using ledger::Basis;
using ledger::Code;
using ledger::Money;
using ledger::Position;
using ledger::TimelinessKey;
using ledger::TimelinessMonth;

/// The months as the state numbers practices: MemoryStore keeps rejections and resends as a list.
std::map<TimelinessKey, TimelinessMonth> months_of(const MemoryStore& memory,
                                                   const StateStore& state) {
  std::map<ledger::PracticeNumber, ledger::PracticeNumber> numbers{
      {ledger::nation, ledger::nation}};
  for (const auto& [digits, number] : memory.practices()) {
    numbers[number] = state.practice_number(ledger::test::practice_id(digits)).value();
  }
  std::map<TimelinessKey, TimelinessMonth> months;
  for (const auto& [key, month] : memory.timeliness()) {
    months[{numbers.at(key.practice), key.basis, key.month}] = month;
  }
  for (const ledger::Tally& tally : memory.tallies()) {
    std::set whose{ledger::nation};
    const auto known = memory.practices().find(tally.practice.view());
    if (known != memory.practices().end()) whose.insert(numbers.at(known->second));
    for (const ledger::PracticeNumber practice : whose) {
      months[{practice, Basis::received, tally.month}].add_tally(tally.code, tally.count);
    }
  }
  return months;
}

void expect_same_month(const TimelinessMonth& found, const TimelinessMonth& expected) {
  ASSERT_EQ(found.by_lag, expected.by_lag);
  ASSERT_EQ(found.duplicates, expected.duplicates);
  ASSERT_EQ(found.rejected, expected.rejected);
}

void expect_same_refusals(const StateStore& state, const MemoryStore& memory) {
  std::map<std::string, ledger::Refusals, std::less<>> strangers;
  for (const ledger::Tally& tally : memory.tallies()) {
    if (memory.practices().contains(tally.practice.view())) continue;
    strangers[std::string(tally.practice.view())][tally.month].add_tally(tally.code, tally.count);
  }
  for (const auto& [digits, expected] : strangers) {
    const auto found = state.refusals(ledger::test::practice_id(digits)).value();
    ASSERT_EQ(found.size(), expected.size()) << digits;
    for (const auto& [month, refused] : expected) expect_same_month(found.at(month), refused);
  }
  for (const auto& [digits, number] : memory.practices()) {
    ASSERT_TRUE(state.refusals(ledger::test::practice_id(digits)).value().empty()) << digits;
  }
}

std::vector<std::pair<std::uint32_t, ledger::Event>> all_events(const StateStore& state,
                                                                std::size_t page) {
  std::vector<std::pair<std::uint32_t, ledger::Event>> all;
  Position after;
  std::uint32_t ordinal = 0;
  for (;;) {
    const auto found = state.events(after, ordinal, page).value();
    all.insert(all.end(), found.begin(), found.end());
    if (found.size() < page) return all;
    after = found.back().second.cause;
    ordinal = found.back().first;
  }
}

void expect_same_events(const StateStore& state, const MemoryStore& memory) {
  for (const std::size_t page : {1U, 7U, 100'000U}) {
    const auto events = all_events(state, page);
    ASSERT_EQ(events.size(), memory.events().size()) << "in pages of " << page;
    for (std::size_t i = 0; i < events.size(); ++i) {
      ASSERT_EQ(events[i].second, memory.events()[i]) << "event " << i;
      const bool is_first = i == 0 || events[i].second.cause != events[i - 1].second.cause;
      ASSERT_EQ(events[i].first, is_first ? 0 : events[i - 1].first + 1) << "event " << i;
    }
  }
}

/// Each practice's, in pages of several sizes.
void expect_same_unpaid(const StateStore& state, const MemoryStore& memory) {
  for (const auto& [digits, number] : memory.practices()) {
    std::vector<ledger::UnpaidRegistration> due;
    for (const auto& [key, unpaid] : memory.unpaid()) {
      if (key.practice == number) due.push_back(unpaid);
    }
    const auto practice = state.practice_number(ledger::test::practice_id(digits)).value();
    for (const std::size_t page : {3U, 100'000U}) {
      std::vector<ledger::UnpaidRegistration> found;
      ledger::UnpaidKey after{practice, {}, {}};
      for (;;) {
        const auto rows = state.unpaid(after, ledger::test::date("2199-12-31"), page).value();
        found.insert(found.end(), rows.begin(), rows.end());
        if (rows.size() < page) break;
        after = {practice, oslo_date(rows.back().service_time), rows.back().position};
      }
      ASSERT_EQ(found.size(), due.size()) << digits << " in pages of " << page;
      EXPECT_EQ(found, due) << digits << " in pages of " << page;
    }
  }
}

}  // namespace

void expect_same_state(StateStore& state, const MemoryStore& memory) {
  for (const auto& [key, registration] : memory.registrations()) {
    const auto found = state.find_registration(key);
    ASSERT_TRUE(found);
    ASSERT_EQ(found.value(), registration);
    auto looked_up = state.registration_in_memory(key).value();
    if (!looked_up) looked_up = state.registration_in_files(key).value();
    ASSERT_EQ(looked_up, registration);
  }
  for (const auto& [key, account] : memory.accounts()) {
    ASSERT_EQ(state.account(key).value(), account) << key.person.value();
    ASSERT_EQ(state.account_brief(key).value(), brief_of(account)) << key.person.value();
  }
  for (const auto& [number, person] : memory.persons()) {
    ASSERT_EQ(state.person_of(number).value(), person);
  }
  for (const auto& [key, month] : months_of(memory, state)) {
    const auto found = state.timeliness(key);
    ASSERT_TRUE(found);
    SCOPED_TRACE(ledger::to_string(key.month));
    expect_same_month(found.value(), month);
  }
  expect_same_refusals(state, memory);
  expect_same_events(state, memory);
  expect_same_unpaid(state, memory);

  const StateTotals totals = state.head().totals;
  EXPECT_EQ(totals.registrations, memory.registrations().size());
  EXPECT_EQ(totals.persons, memory.persons().size());
  EXPECT_EQ(totals.accounts, memory.accounts().size());
  Money counted;
  Money refunded;
  std::uint64_t cards = 0;
  std::uint64_t under_review = 0;
  for (const auto& [key, account] : memory.accounts()) {
    counted += account.counted_sum;
    refunded += account.refunded();
    if (!account.card) continue;
    ++cards;
    if (account.card->state == ledger::CardState::under_review) ++under_review;
  }
  EXPECT_EQ(totals.counted_ore, counted.ore());
  EXPECT_EQ(totals.refunded_ore, refunded.ore());
  EXPECT_EQ(totals.cards, cards);
  EXPECT_EQ(totals.cards_under_review, under_review);
  std::uint64_t payments = 0;
  std::uint64_t credit_notes = 0;
  for (const auto& [key, registration] : memory.registrations()) {
    payments += registration.payment.is_given() ? 1U : 0U;
    credit_notes += registration.credit_note.is_given() ? 1U : 0U;
  }
  EXPECT_EQ(totals.payments, payments);
  EXPECT_EQ(totals.credit_notes, credit_notes);
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;
  for (const ledger::Tally& tally : memory.tallies()) {
    (tally.code == Code::none ? duplicates : rejected) += tally.count;
  }
  EXPECT_EQ(totals.duplicates, duplicates);
  EXPECT_EQ(totals.rejected, rejected);
}

const ledger::RulePack& rules() {
  static const ledger::RulePack pack = ledger::test::published_rules();
  return pack;
}

}  // namespace storage::test
