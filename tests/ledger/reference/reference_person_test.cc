#include "ledger/reference/reference_person.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "ledger/reference/person_history.h"
#include "tests/ledger/reference/entry_maker.h"
#include "tests/ledger/reference/random_story.h"
#include "tests/ledger/reference/stories.h"
#include "tests/support/prng.h"

namespace ledger::test {
namespace {

/// What the journal holds after some steps of a story.
struct Told {
  std::vector<Entry> entries;
  EntryMaker maker;

  Told& then(const StoryStep& step) {
    const Position position{entries.size() + 1};
    std::visit([&](const auto& what) { entries.push_back(maker.make(what, position)); }, step.what);
    return *this;
  }
  ReferencePerson person(std::uint64_t id = 1) const {
    return reference_person(entries_of(entries, maker, PersonId{id}), story_rules().ceilings(), {});
  }
  ReferenceAccount account(std::uint64_t id = 1) const { return person(id).accounts.at(2024); }
};

std::vector<std::int64_t> ore(const std::vector<Money>& amounts) {
  std::vector<std::int64_t> ore;
  for (const Money amount : amounts) ore.push_back(amount.ore());
  return ore;
}

std::vector<std::uint64_t> numbers(const std::vector<Position>& positions) {
  std::vector<std::uint64_t> numbers;
  for (const Position position : positions) numbers.push_back(position.value());
  return numbers;
}

using Ore = std::vector<std::int64_t>;
using Numbers = std::vector<std::uint64_t>;

TEST(SixteenYearsAfterTest, is_the_same_day_or_the_first_of_march) {
  const std::vector<std::pair<const char*, const char*>> days{
      {"2008-06-15", "2024-06-15"}, {"2008-02-29", "2024-02-29"}, {"2008-02-28", "2024-02-28"},
      {"2084-02-29", "2100-03-01"}, {"1884-02-29", "1900-03-01"}, {"2007-12-31", "2023-12-31"}};
  for (const auto& [birth, birthday] : days) {
    EXPECT_EQ(sixteen_years_after(date(birth)), date(birthday)) << birth;
  }
}

TEST(ReferencePersonTest, says_which_entry_follows_which) {
  Told told;
  told.then(pays(1, 1, 40, "2024-01-10"))
      .then(pays(2, 2, 50, "2024-01-11"))
      .then(owes(1, 3, 5, "2024-01-12"))
      .then(born(2, "1990-01-01", "2024-01-13"))
      .then(merged(1, 2, "2024-01-14"))
      .then(credit_of(2, "2024-01-15"))
      .then(opted_out(1, "2024-01-16"))
      .then(payment_of(3, "2024-01-17"))
      .then(opted_in(1, "2024-01-18"))
      .then(pays(2, 4, 7, "2024-01-19"));
  const ReferencePerson person = told.person();
  const ReferenceAccount& account = person.accounts.at(2024);
  EXPECT_EQ(numbers(account.previous), (Numbers{0, 0, 1, 5, 0, 6}));
  ASSERT_EQ(account.merges.size(), 1U);
  EXPECT_EQ(account.merges[0].joined, (JoinedYear{2024, Position{3}, Position{2}}));
  EXPECT_EQ(account.account.newest, Position{10});
  EXPECT_EQ(person.newest_event, Position{9});
  ASSERT_EQ(person.meanwhile.size(), 1U);
  EXPECT_EQ(numbers(person.meanwhile.at(Position{9})), (Numbers{8}));
  // Each of the account of then: 40, the other's 50, ... a merge: that of the account that stays.
  EXPECT_EQ(ore(account.sums), (Ore{40, 50, 40, 50, 90, 40, 40, 40, 45, 52}));
  EXPECT_EQ(ore(account.changes), (Ore{40, 50, 0, 0, 50, -50, 0, 0, 5, 7}));
  EXPECT_EQ(account.verdicts[4].counted, true) << "the item alone";
}

TEST(ReferencePersonTest, keeps_what_was_told_last_of_a_hidden_card) {
  Told told;
  told.then(pays(1, 1, 60, "2024-01-10"))
      .then(pays(2, 2, 100, "2024-01-20"))
      .then(opted_out(1, "2024-01-21"));
  EXPECT_EQ(told.account(1).account.told, std::nullopt);
  told.then(merged(1, 2, "2024-01-22"));
  const ToldCard before{true, CardState::active, date("2024-01-20")};
  EXPECT_EQ(told.account().account.told, before);
  EXPECT_EQ(told.account().events.size(), 1U) << "the card, before";
  EXPECT_EQ(told.person().untold,
            (std::vector<UntoldMerge>{{Position{4}, PersonId{1}, PersonId{2}, {}}}));
  told.then(opted_in(1, "2024-01-23"));
  EXPECT_EQ(told.account().account.told, std::nullopt);
  EXPECT_TRUE(told.person().untold.empty());
}

TEST(ReferencePersonTest, tells_what_counts_apart_from_what_would) {
  Told told;
  told.then(pays(1, 1, 60, "2024-01-10"))
      .then(owes(1, 2, 50, "2024-01-11"))
      .then(opted_out(1, "2024-01-12"))
      .then(credit_of(1, "2024-01-13"))
      .then(payment_of(2, "2024-01-14"));
  const auto hidden = told.account().registrations;
  ASSERT_EQ(hidden.size(), 2U);
  EXPECT_EQ(hidden[0].reason, Code::credited);
  EXPECT_TRUE(hidden[0].is_counted());
  EXPECT_EQ(hidden[1].reason, Code::none);
  EXPECT_FALSE(hidden[1].is_counted());
  EXPECT_EQ(told.account().account.counted_sum, Money::from_ore(60));
  const auto shown = told.then(opted_in(1, "2024-01-15")).account().registrations;
  EXPECT_FALSE(shown[0].is_counted());
  EXPECT_TRUE(shown[1].is_counted());
}

TEST(ReferencePersonTest, settles_what_was_said_of_either) {
  Told told;
  StoryStep death = born(1, "2024-01-05", "2024-01-06");
  std::get<PersonEvent>(death.what).type = PersonEventType::died;
  StoryStep annulled = death;
  std::get<PersonEvent>(annulled.what).date.reset();
  StoryStep pension = opted_out(2, "2024-01-07");
  std::get<PersonEvent>(pension.what).type = PersonEventType::minimum_pension;
  std::get<PersonEvent>(pension.what).periods = {{date("2024-01-01"), std::nullopt}};
  StoryStep other_death = death;
  std::get<PersonEvent>(other_death.what).person = person_number(2);

  told.then(death).then(annulled).then(pension).then(other_death);
  EXPECT_EQ(told.person(2).death, date("2024-01-05"));
  told.then(merged(1, 2, "2024-01-08"));
  const ReferencePerson person = told.person();
  EXPECT_TRUE(person.has_death);
  EXPECT_EQ(person.death, std::nullopt) << "that it was annulled has been said";
  EXPECT_EQ(person.pension->size(), 1U) << "of the other, where nothing has been said";
  EXPECT_EQ(person.merged, std::vector<PersonId>{PersonId{2}});
}

TEST(ReferencePersonTest, has_no_place_for_entries_of_the_wrong_person) {
  Told told;
  told.then(pays(1, 1, 60, "2024-01-10"))
      .then(pays(2, 2, 30, "2024-01-11"))
      .then(merged(1, 2, "2024-01-12"))
      .then(pays(2, 3, 20, "2024-01-13"))
      .then(opted_out(1, "2024-01-14"))
      .then(credit_of(1, "2024-01-15"));
  const std::vector<Entry> right = told.entries;
  const auto misfits = [](const std::vector<Entry>& entries) {
    return numbers(reference_account(entries, 2024, Money::from_ore(100), {}).misfits);
  };
  EXPECT_EQ(misfits(right), Numbers{});

  std::vector<Entry> wrong = right;
  item_of(wrong[3])->person = PersonId{2};
  EXPECT_EQ(misfits(wrong), Numbers{4}) << "of a person who is no more";
  wrong = right;
  item_of(wrong[5])->person = PersonId{1};
  EXPECT_EQ(misfits(wrong), Numbers{6}) << "names a person who is opted out";
  wrong = right;
  std::swap(std::get<PersonEntry>(wrong[2]).person, std::get<PersonEntry>(wrong[2]).other);
  EXPECT_EQ(misfits(wrong)[0], 3U) << "the higher id stays";
  wrong = right;
  std::get<PersonEntry>(wrong[4]).other = PersonId{3};
  EXPECT_EQ(misfits(wrong)[0], 5U) << "an opt-out that merges";
}

/// Who follows the feed ends up with what is shown.
class Follower {
 public:
  explicit Follower(const ReferencePerson& person) {
    for (const Event& event : person.events) follow(event);
  }

  void expect_same(const ReferenceAccount& account) const {
    Money due;
    for (const auto& [person, amount] : refunded_) due += amount;
    EXPECT_EQ(due, account.account.refunded());
    const auto& card = account.account.card;
    if (!card) return;
    const auto told = cards_.find(card->id);
    ASSERT_NE(told, cards_.end());
    EXPECT_EQ(told->second, told_of(card));
  }

 private:
  void follow(const Event& event) {
    refunded_[event.account.person] += event.amount;
    if (!is_about_card(event.type)) return;
    ToldCard& card = cards_[event.card];
    EXPECT_EQ(card.is_issued, event.type != EventType::card_issued);
    if (event.type == EventType::card_under_review) {
      EXPECT_EQ(card.state, CardState::active);
      card.state = CardState::under_review;
    } else if (event.type == EventType::card_reinstated) {
      EXPECT_EQ(card.state, CardState::under_review);
      card.state = CardState::active;
    } else if (event.type == EventType::entitlement_moved) {
      EXPECT_NE(event.moved_from, event.entitled_from);
    }
    card.is_issued = true;
    card.entitled_from = event.entitled_from;
  }

  std::map<PersonId, Money> refunded_;
  std::map<CardId, ToldCard> cards_;
};

void expect_invariants(const ReferenceAccount& account) {
  const Money ceiling = Money::from_ore(100);
  Money counted;
  Money days;
  for (const ReferenceRegistration& registration : account.registrations) {
    if (registration.is_counted()) counted += registration.amount;
    EXPECT_GE(registration.refunded, Money());
    EXPECT_LE(registration.refunded, registration.is_counted() ? registration.amount : Money());
  }
  for (const DaySum& day : account.account.days) days += day.amount;
  EXPECT_TRUE(account.misfits.empty());
  EXPECT_EQ(account.account.counted_sum, counted);
  EXPECT_EQ(days, counted);
  EXPECT_EQ(account.account.refunded(), std::max(Money(), counted - ceiling));
  const bool is_active = account.account.card && account.account.card->state == CardState::active;
  EXPECT_EQ(is_active, counted >= ceiling);
}

/// What was told may not change by what comes later.
void expect_same_beginning(const std::vector<Event>& before, const std::vector<Event>& after) {
  ASSERT_LE(before.size(), after.size());
  EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin()));
}

TEST(ReferencePersonTest, keeps_the_invariants_over_random_stories) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    RandomStory story(seed);
    Told told;
    std::map<PersonId, std::vector<Event>> before;
    for (int step = 0; step < 40; ++step) {
      told.then(story.next());
      std::map<PersonId, std::vector<Event>> events;
      for (const PersonId id : told.maker.persons()) {
        const ReferencePerson person = told.person(id.value());
        const auto year = person.accounts.find(2024);
        events[id] = person.events;
        if (before.contains(id) && person.merged.empty())
          expect_same_beginning(before[id], events[id]);
        if (year == person.accounts.end()) continue;
        expect_invariants(year->second);
        if (!person.is_opted_out) Follower(person).expect_same(year->second);
      }
      before = std::move(events);
      ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed << ", step " << step + 1;
    }
  }
}

}  // namespace
}  // namespace ledger::test
