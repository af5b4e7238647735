#include <gtest/gtest.h>

#include "ledger/reference/reconcile.h"
#include "ledger/reference/reference_person.h"
#include "tests/ledger/reference/entry_maker.h"
#include "tests/ledger/reference/stories.h"

namespace ledger::test {
namespace {

/// A year joined while hidden, as the rules ought to have kept it.
class CompareMergedAccountTest : public testing::Test {
 protected:
  CompareMergedAccountTest() {
    then(pays(1, 1, 60, "2024-01-10"));
    then(pays(2, 2, 70, "2024-01-12"));
    then(opted_out(2, "2024-01-20"));
    then(merged(1, 2, "2024-02-01"));
    judge();
  }

  void then(const StoryStep& step) {
    const Position position{entries_.size() + 1};
    std::visit([&](const auto& what) { entries_.push_back(maker_.make(what, position)); },
               step.what);
  }

  void judge() {
    expected_ = reference_account(entries_, 2024, ceiling_, {});
    items_.clear();
    for (const Entry& entry : entries_) {
      if (item_of(entry)) items_.push_back(*item_of(entry));
    }
    for (std::size_t i = 0; i < items_.size(); ++i) {
      items_[i].verdict = expected_.verdicts[i];
      items_[i].previous = expected_.previous[i];
    }
    account_ = expected_.account;
    events_ = expected_.events;
  }

  std::vector<std::string> fields() const {
    std::vector<Difference> differences;
    compare_account(expected_.key, items_, expected_, account_, events_, ceiling_, differences);
    std::vector<std::string> fields;
    for (const Difference& difference : differences) fields.push_back(difference.field);
    return fields;
  }

  const Money ceiling_ = Money::from_ore(100);
  EntryMaker maker_;
  std::vector<Entry> entries_;
  std::vector<ItemEntry> items_;
  ReferenceAccount expected_;
  Account account_;
  std::vector<Event> events_;
};

using Fields = std::vector<std::string>;

TEST_F(CompareMergedAccountTest, finds_nothing_while_hidden_nor_when_shown_again) {
  EXPECT_EQ(fields(), Fields{});
  then(opted_in(1, "2024-03-01"));
  then(pays(2, 3, 10, "2024-03-02"));
  judge();
  EXPECT_EQ(events_.size(), 3U) << "the card and a line at the opt-in, a line after it";
  EXPECT_EQ(fields(), Fields{});
}

TEST_F(CompareMergedAccountTest, finds_what_only_an_event_of_a_registry_changes) {
  account_.changed_by = Position{2};
  EXPECT_EQ(fields(), Fields{"changedBy"});
  account_ = expected_.account;
  account_.card->issued_by = Position{2};
  EXPECT_EQ(fields(), Fields{"issuedBy"});
  account_ = expected_.account;
  account_.card->crossing = Position{1};
  EXPECT_EQ(fields(), Fields{"crossing"});
  account_ = expected_.account;
  account_.told.reset();
  EXPECT_EQ(fields(), Fields{"told"});
}

TEST_F(CompareMergedAccountTest, finds_what_was_told_of_a_hidden_account) {
  Event announced;
  announced.cause = Position{4};
  events_.push_back(announced);
  EXPECT_EQ(fields(), Fields{"cardIssued"});
}

TEST_F(CompareMergedAccountTest, finds_an_entry_that_does_not_follow_the_merge) {
  then(opted_in(1, "2024-03-01"));
  then(pays(2, 3, 10, "2024-03-02"));
  judge();
  EXPECT_EQ(items_[2].previous, Position{4});
  items_[2].previous = Position{1};
  EXPECT_EQ(fields(), Fields{"previous"});
}

}  // namespace
}  // namespace ledger::test
