// Items and events of the registries in any order: the rules against the reference.

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <vector>

#include "tests/ledger/reference/random_story.h"
#include "tests/ledger/reference/story_reference.h"
#include "tests/ledger/rules/story_rules.h"
#include "tests/support/slow_build.h"

namespace ledger::test {
namespace {

void expect_same(const StorySeen& rules, const StorySeen& reference) {
  EXPECT_EQ(rules.answer, reference.answer);
  EXPECT_EQ(rules.person, reference.person);
  EXPECT_EQ(rules.other, reference.other);
  EXPECT_EQ(rules.accounts, reference.accounts);
  EXPECT_EQ(rules.persons, reference.persons);
  EXPECT_EQ(rules.events, reference.events);
}

TEST(Stories, are_told_by_the_rules) {
  for (const Story& story : all_stories()) {
    RulesWorld world;
    expect_story(story, world);
  }
}

/// FRIKORT_TEST_SEED, or as many fixed ones as fit into a few seconds.
std::vector<std::uint64_t> seeds() {
  if (const char* text = std::getenv("FRIKORT_TEST_SEED")) {
    return {std::strtoull(text, nullptr, 10)};
  }
  std::vector<std::uint64_t> fixed;
  for (std::uint64_t seed = 1; seed <= (is_slow_build ? 100 : 1500); ++seed) fixed.push_back(seed);
  return fixed;
}

TEST(Stories, at_random_give_the_state_of_the_reference) {
  for (const std::uint64_t seed : seeds()) {
    RandomStory story(seed);
    RulesWorld rules;
    ReferenceWorld reference;
    for (std::uint64_t step = 1; step <= 30; ++step) {
      const StoryStep next = story.next();
      const Position position{step};
      expect_same(rules.take(next, position), reference.take(next, position));
      ASSERT_FALSE(HasFailure()) << "FRIKORT_TEST_SEED=" << seed << ", step " << step;
    }
  }
}

/// What can happen to two persons, one of whom may be a child; each item has a key of its own.
std::vector<StoryStep> steps_at(std::uint32_t place) {
  const char* const day = "2024-04-05";
  std::vector<StoryStep> steps{pays(1, 10 + place, 60, "2024-01-10"),
                               pays(2, 20 + place, 60, "2024-02-10"),
                               owes(1, 30 + place, 60, "2024-03-10"),
                               born(1, "2008-02-01", day),
                               born(2, "1990-01-01", day),
                               merged(1, 2, day),
                               opted_out(1, day),
                               opted_in(2, day)};
  return steps;
}

/// A payment or credit note of each registration before.
void add_follow_ups(const std::vector<StoryStep>& before, std::vector<StoryStep>& steps) {
  for (const StoryStep& step : before) {
    const Item* const item = std::get_if<Item>(&step.what);
    if (item == nullptr || item->type != ItemType::copayment) continue;
    const std::uint32_t guid = number_of(item->guid);
    const auto has = [&](ItemType type) {
      return std::any_of(before.begin(), before.end(), [&](const StoryStep& other) {
        const Item* const found = std::get_if<Item>(&other.what);
        return found != nullptr && found->type == type && found->guid == item->guid;
      });
    };
    if (has(ItemType::credit_note)) continue;
    steps.push_back(credit_of(guid, "2024-04-06"));
    if (!has(ItemType::payment)) steps.push_back(payment_of(guid, "2024-04-06"));
  }
}

void try_all(std::vector<StoryStep>& story, std::size_t length, std::uint64_t& count) {
  if (story.size() == length) {
    RulesWorld rules;
    ReferenceWorld reference;
    for (std::size_t i = 0; i + 1 < story.size(); ++i) {
      rules.take(story[i], Position{i + 1});
      reference.note(story[i], Position{i + 1});
    }
    const Position last{story.size()};
    expect_same(rules.take(story.back(), last), reference.take(story.back(), last));
    ++count;
    return;
  }
  std::vector<StoryStep> steps = steps_at(static_cast<std::uint32_t>(story.size()));
  add_follow_ups(story, steps);
  for (const StoryStep& step : steps) {
    story.push_back(step);
    try_all(story, length, count);
    story.pop_back();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(Stories, of_every_kind_give_the_state_of_the_reference) {
  std::uint64_t count = 0;
  for (std::size_t length = 1; length <= (is_slow_build ? 4 : 5); ++length) {
    std::vector<StoryStep> story;
    try_all(story, length, count);
  }
  std::cout << count << " stories\n";
}

}  // namespace
}  // namespace ledger::test
