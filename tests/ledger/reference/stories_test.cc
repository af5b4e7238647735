#include "tests/ledger/reference/stories.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/ledger/reference/story_reference.h"

namespace ledger::test {
namespace {

TEST(StoriesTest, are_told_by_the_reference) {
  for (const Story& story : all_stories()) {
    ReferenceWorld world;
    expect_story(story, world);
  }
}

TEST(StoriesTest, have_names_of_their_own) {
  std::set<std::string> names;
  for (const Story& story : all_stories()) {
    EXPECT_TRUE(names.insert(story.name).second) << story.name;
  }
  EXPECT_GE(names.size(), 20U);
}

}  // namespace
}  // namespace ledger::test
