#include "ingest/writer/posted_entries.h"

#include <gtest/gtest.h>

#include "tests/ingest/writer/memory_journal.h"

namespace ingest::test {
namespace {

using ledger::Errc;
using ledger::Position;

ledger::CommitGroup group_at(std::uint64_t position) {
  ledger::CommitGroup group;
  group.position = Position{position};
  group.entries.emplace_back(ledger::ActEntry{});
  return group;
}

TEST(PostedEntries, finds_those_that_are_on_their_way) {
  const MemoryJournal journal;
  PostedEntries entries(journal);
  const ledger::CommitGroup waiting = group_at(1);
  const ledger::CommitGroup building = group_at(3);
  entries.begin(waiting);
  entries.end();
  entries.begin(building);
  EXPECT_TRUE(entries.entry_at(Position{2}));
  EXPECT_TRUE(entries.entry_at(Position{4}));
  EXPECT_FALSE(entries.entry_at(Position{3})) << "a group has no entry at its own position";
}

// Asked for it, the real journal would say that it is damaged.
TEST(PostedEntries, does_not_ask_the_journal_for_what_it_never_got) {
  const MemoryJournal journal;
  PostedEntries entries(journal);
  const ledger::CommitGroup lost = group_at(1);
  entries.begin(lost);
  entries.end();
  entries.remove(lost);
  EXPECT_EQ(entries.entry_at(Position{2}).error(), make_error_code(Errc::store_unavailable));
}

}  // namespace
}  // namespace ingest::test
