#include "storage/state/hand_over.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/storage/no_room.h"
#include "tests/storage/state/state_store_fixture.h"

namespace storage::test {
namespace {

using ledger::Position;

TEST_F(StateStoreTest, keeps_what_it_gave_up_to_hand_over) {
  StateStore state(temp_ / "state", {.hand_over_items = 1, .practices_max = 1000});
  Writer writer(state);
  const ledger::Item item = ledger::test::a_copayment();
  writer.post({item});  // the hand-over begins, and waits for a sync that never comes
  ASSERT_TRUE(state.find_registration(item.fingerprint).value());
  state.abandon();
  // Time enough for the hand-over to end, and groups enough for its rows to leave the memory.
  for (int group = 0; group < 100; ++group) {
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
    state.begin_group(Position{100});
    ASSERT_TRUE(state.find_registration(item.fingerprint).value()) << "group " << group;
  }
}

TEST_F(StateStoreTest, hands_over_nothing_that_the_journal_does_not_have) {
  Workload workload(3);
  {
    StateStore state(temp_ / "state", {.hand_over_items = 10, .practices_max = 1000});
    Writer writer(state);
    for (int group = 0; group < 3; ++group) writer.write(workload.take(3));
    // A hand-over starts and waits for a sync that never comes.
    writer.post(workload.take(60));
    state.abandon();
  }
  StateStore reopened(temp_ / "state", {});
  EXPECT_EQ(reopened.head().next_position, Position{1});
  EXPECT_EQ(reopened.head().totals, StateTotals());
}

TEST_F(StateStoreTest, lets_a_waiting_writer_go_when_it_is_abandoned) {
  for (int round = 0; round < 10; ++round) {
    Workload workload(3);
    StateStore state(temp_ / ("state" + std::to_string(round)),
                     {.hand_over_items = 10, .practices_max = 1000});
    Writer writer(state);
    // A hand-over waits for a sync that never comes, and the writer for the hand-over.
    std::thread writing([&] {
      for (int group = 0; group < 4; ++group) writer.post(workload.take(30));
    });
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
    state.abandon();
    writing.join();
    EXPECT_FALSE(state.await_hand_over());
  }
}

TEST_F(StateStoreTest, notes_a_hand_over_that_fails_and_goes_on_in_memory) {
  Workload workload(3);
  std::vector<Fault> faults;
  StateTotals totals;
  {
    StateStore state(temp_ / "state", {.hand_over_items = 10, .practices_max = 1000},
                     OpenMode::read_write, [&](const Fault& fault) { faults.push_back(fault); });
    Writer writer(state);
    {
      const NoRoom no_room;
      writer.write(workload.take(60));
      EXPECT_FALSE(state.await_hand_over());
    }
    writer.write(workload.take(60));
    EXPECT_NE(state.failure(), "");
    totals = state.head().totals;
  }
  ASSERT_FALSE(faults.empty());
  EXPECT_EQ(faults.front().kind, FaultKind::unwritable);
  EXPECT_GT(totals.registrations, 0U);
  EXPECT_EQ(StateStore(temp_ / "state", {}).head().next_position, Position{1});
}

TEST_F(StateStoreTest, ends_without_waiting_for_what_is_not_durable) {
  for (const std::uint64_t hand_over_items : {10U, 1'000U}) {
    Workload workload(3);
    const std::filesystem::path folder = temp_ / std::to_string(hand_over_items);
    {
      StateStore state(folder, {.hand_over_items = hand_over_items, .practices_max = 1000});
      Writer writer(state);
      writer.post(workload.take(60));
      writer.post(workload.take(5));
    }
    EXPECT_EQ(StateStore(folder, {}).head().next_position, Position{1});
  }
}

TEST_F(StateStoreTest, hands_over_no_half_group_at_its_end) {
  Workload workload(3);
  StateTotals totals;
  {
    StateStore state(temp_ / "state", {});
    Writer writer(state);
    writer.write(workload.take(20));
    totals = state.head().totals;
    state.note_durable(Position{1'000});
    state.begin_group(writer.next_position());
    ledger::Ledger ledger(state, rules(), memory_);
    ledger::ItemEntry entry;
    ASSERT_TRUE(ledger.process(ledger::test::a_copayment().guid(5'000), Position{500}, entry));
  }
  // Nothing of the last run is lost by that: the journal has it.
  StateStore state(temp_ / "state", {});
  const bool has_all = state.head().totals == totals;
  EXPECT_TRUE(has_all || state.head().totals == StateTotals());
  const ledger::Item half = ledger::test::a_copayment().guid(5'000);
  EXPECT_EQ(state.find_registration(half.fingerprint).value(), std::nullopt);
}

}  // namespace
}  // namespace storage::test
