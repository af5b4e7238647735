// Events of the registries in groups: they see the history of accounts, wherever its entries are.

#include <gtest/gtest.h>

#include <array>
#include <span>

#include "tests/ingest/writer/group_writer_fixture.h"
#include "tests/support/print.h"

namespace ingest::test {
namespace {

using ledger::PersonEvent;
using ledger::PersonEventType;
using ledger::test::a_copayment;
using ledger::test::MemoryStore;
using ledger::test::person_number;

ParsedItem event_of(PersonEventType type, std::uint32_t id, std::uint32_t person,
                    std::uint32_t other = 0) {
  PersonEvent event;
  event.type = type;
  event.event_id = ledger::test::guid_of(id);
  event.received = committed_at;
  event.person = person_number(person);
  if (other != 0) event.other = person_number(other);
  if (type == PersonEventType::birth_date) event.date = ledger::test::date("2010-01-01");
  ParsedItem parsed;
  parsed.has_guid = true;
  parsed.event = std::make_shared<const ParsedEvent>(event);
  return parsed;
}

/// Two persons who reach the ceiling together, are one, and then a child.
std::vector<ParsedItem> story() {
  return {parsed(a_copayment().guid(1).of_person(1).of_ore(200'000)),
          parsed(a_copayment().guid(2).of_person(2).of_ore(200'000)),
          event_of(PersonEventType::merged, 3, 1, 2),
          parsed(a_copayment().guid(4).of_person(2).of_ore(30'000)),
          event_of(PersonEventType::birth_date, 5, 2),
          event_of(PersonEventType::opted_out, 6, 1),
          parsed(a_copayment().guid(7).of_person(1).of_ore(30'000)),
          event_of(PersonEventType::opted_in, 8, 2)};
}

struct World {
  MemoryStore store;
  MemoryJournal journal;
  GroupWriter writer{store, journal, rules(), true, {}};
};

TEST(RegistryGroup, sees_entries_that_the_journal_does_not_have_yet) {
  World together;
  PendingGroup whole = group_of(submission_of(story()));
  ASSERT_TRUE(together.writer.build(whole, committed_at));
  EXPECT_EQ(verdicts_of(*whole.submissions.front()), Verdicts(8, "accepted"));
  ASSERT_TRUE(together.writer.commit({&whole, 1}));

  // A group for each, all of which wait for the journal together.
  World waiting;
  std::vector<PendingGroup> groups;
  for (const ParsedItem& parsed : story()) {
    groups.push_back(group_of(submission_of(std::vector<ParsedItem>{parsed})));
    ASSERT_TRUE(waiting.writer.build(groups.back(), committed_at));
  }
  ASSERT_TRUE(waiting.writer.commit(groups));

  World one_by_one;
  for (const ParsedItem& parsed : story()) {
    PendingGroup group = group_of(submission_of(std::vector<ParsedItem>{parsed}));
    ASSERT_TRUE(one_by_one.writer.build(group, committed_at));
    ASSERT_TRUE(one_by_one.writer.commit({&group, 1}));
  }

  ASSERT_EQ(together.store.accounts().size(), 1U);
  const ledger::Account& expected = together.store.accounts().begin()->second;
  EXPECT_TRUE(expected.card.has_value());
  EXPECT_EQ(expected.counted_sum, ledger::Money());
  for (const World* const other : {&waiting, &one_by_one}) {
    ASSERT_EQ(other->store.accounts().size(), 1U);
    const ledger::Account& found = other->store.accounts().begin()->second;
    EXPECT_EQ(found.counted_sum, expected.counted_sum);
    EXPECT_EQ(found.card->id, expected.card->id);
    EXPECT_EQ(found.card->state, expected.card->state);
    EXPECT_EQ(found.refund_lines.size(), expected.refund_lines.size());
    EXPECT_EQ(other->store.events().size(), together.store.events().size());
  }
}

TEST(RegistryGroup, answers_events_by_their_ids) {
  World world;
  PendingGroup group = group_of(submission_of(std::vector<ParsedItem>{
      event_of(PersonEventType::opted_out, 1, 1), event_of(PersonEventType::opted_out, 1, 1),
      event_of(PersonEventType::opted_in, 1, 1)}));
  ASSERT_TRUE(world.writer.build(group, committed_at));
  ASSERT_TRUE(world.writer.commit({&group, 1}));
  EXPECT_EQ(verdicts_of(*group.submissions.front()),
            (Verdicts{"accepted", "duplicate", "EVENT_CONFLICT"}));
  EXPECT_EQ(group.submissions.front()->results,
            "{\"index\":0,\"eventId\":\"00000000-0000-0000-0000-000000000001\",\"verdict\":"
            "\"accepted\",\"position\":\"0-2\"}\n"
            "{\"index\":1,\"eventId\":\"00000000-0000-0000-0000-000000000001\",\"verdict\":"
            "\"duplicate\",\"position\":\"0-2\"}\n"
            "{\"index\":2,\"eventId\":\"00000000-0000-0000-0000-000000000001\",\"verdict\":"
            "\"rejected\",\"code\":\"EVENT_CONFLICT\",\"field\":\"eventId\"}\n");
  EXPECT_TRUE(world.store.tallies().empty()) << "what registries send is no practice's resend";
}

}  // namespace
}  // namespace ingest::test
