#include "storage/state/state_store.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "tests/storage/state/state_store_fixture.h"

namespace storage::test {
namespace {

using ledger::AccountKey;
using ledger::Basis;
using ledger::Code;
using ledger::Money;
using ledger::Position;

TEST_F(StateStoreTest, is_empty_at_first) {
  StateStore state(temp_ / "state", {});
  EXPECT_EQ(state.head().next_position, Position{1});
  EXPECT_EQ(state.head().totals, StateTotals());
  EXPECT_EQ(state.account({ledger::PersonId{1}, 2025}).value(), ledger::Account());
  EXPECT_EQ(state.account_brief({ledger::PersonId{1}, 2025}).value(), ledger::AccountBrief());
  EXPECT_EQ(state.person_of(ledger::test::person_number(1)).value(), std::nullopt);
  EXPECT_EQ(state.stand_in_for(ledger::test::person_number(1)), ledger::PersonId{});
  EXPECT_TRUE(state.events(Position{}, 0, 10).value().empty());
  EXPECT_EQ(state.practices().size(), 1U) << "the nation";
}

TEST_F(StateStoreTest, equals_a_plain_map_through_many_hand_overs) {
  constexpr std::uint64_t seed = 1;
  struct Memory {
    std::uint64_t cached_persons_max;
    std::uint64_t filter_bytes_max;
  };
  // Clean rows: none in memory, too few, all; with and without a filter of registrations.
  for (const Memory of : {Memory{0, 0}, {64, 0}, {64, 1U << 30}, {1'000'000, 1U << 30}}) {
    SCOPED_TRACE(of.cached_persons_max);
    SCOPED_TRACE(of.filter_bytes_max);
    const auto folder = temp_ / fmt::format("{}-{}", of.cached_persons_max, of.filter_bytes_max);
    MemoryStore memory;
    // So many that some have a card and then, by credit notes, less than the ceiling.
    Workload workload(seed, 130);
    {
      StateStore state(folder, {.hand_over_items = 50,
                                .cached_persons_max = of.cached_persons_max,
                                .filter_bytes_max = of.filter_bytes_max,
                                .practices_max = 1000});
      Writer in_files(state);
      Writer in_memory(memory);
      for (int group = 0; group < 400; ++group) {
        // Some larger than what is put aside before it goes into the table.
        const auto items = workload.take(group % 8 == 0 ? 3 * ledger::lookups_max + 1 : 9);
        in_files.write(items);
        in_memory.write(items);
        // In the middle of whatever the hand-over is doing.
        if (group % 40 == 0) expect_same_state(state, memory);
        if (HasFatalFailure()) FAIL() << "group " << group << " seed " << seed;
      }
      expect_same_state(state, memory);
      EXPECT_GT(state.head().totals.cards_under_review, 0U) << "a workload without review";
      EXPECT_GT(state.head().totals.refunded_ore, 0) << "a workload without refunds";
    }
    StateStore reopened(folder, {});
    expect_same_state(reopened, memory);
  }
}

TEST_F(StateStoreTest, goes_on_after_every_restart) {
  Workload workload(2);
  Writer in_memory(memory_);
  Position next{1};
  std::string checksum;
  for (int run = 0; run < 8; ++run) {
    // In some runs the files are read for the filter of registrations, in others never.
    const std::uint64_t lookups_before_filter = run % 3 == 0 ? 1'000'000 : 10;
    StateStore state(temp_ / "state", {.hand_over_items = 50,
                                       .lookups_before_filter = lookups_before_filter,
                                       .practices_max = 1000});
    EXPECT_EQ(state.head().next_position, next);
    if (run > 0) {
      EXPECT_EQ(state.head().totals.checksum.hex(), checksum);
    }
    Writer in_files(state, next);
    for (int group = 0; group < 20; ++group) {
      const auto items = workload.take(1 + static_cast<std::size_t>(group) % 13);
      in_files.write(items);
      in_memory.write(items);
    }
    next = in_files.next_position();
    checksum = state.head().totals.checksum.hex();
  }
  StateStore state(temp_ / "state", {});
  expect_same_state(state, memory_);
}

TEST_F(StateStoreTest, has_somebody_in_place_of_whom_nobody_has_heard_of) {
  Workload workload(5, 20);
  const auto expect_somebody = [&](const StateStore& state) {
    std::set<ledger::PersonId> somebody;
    for (std::uint32_t number = 1'000'000; number < 1'000'100; ++number) {
      const ledger::EncryptedNumber unknown = ledger::test::person_number(number);
      EXPECT_EQ(state.person_of(unknown).value(), std::nullopt);
      EXPECT_TRUE(state.numbers(state.stand_in_for(unknown)));
      somebody.insert(state.stand_in_for(unknown));
    }
    EXPECT_GT(somebody.size(), 1U);
  };
  {
    StateStore state(temp_ / "state", {.hand_over_items = 1'000});
    Writer(state).write(workload.take(500));
    expect_somebody(state);
  }
  expect_somebody(StateStore(temp_ / "state", {}));
}

TEST_F(StateStoreTest, knows_which_events_there_are) {
  StateStore state(temp_ / "state", {});
  Writer writer(state);
  Writer in_memory(memory_);
  for (const auto& items : {Workload(3, 2).take(500), Workload(4, 2).take(1)}) {
    writer.write(items);
    in_memory.write(items);
    ASSERT_FALSE(memory_.events().empty());
    std::map<Position, std::uint32_t> counts;
    for (const ledger::Event& event : memory_.events()) ++counts[event.cause];
    for (const auto& [cause, count] : counts) {
      for (std::uint32_t ordinal = 0; ordinal < count; ++ordinal) {
        EXPECT_TRUE(state.has_event(cause, ordinal).value());
      }
      EXPECT_FALSE(state.has_event(cause, count).value());
      const Position next{cause.value() + 1};
      EXPECT_EQ(state.has_event(next, 0).value(), counts.contains(next));
    }
    EXPECT_FALSE(state.has_event(Position{}, 0).value());
    state.begin_hand_over();
    ASSERT_TRUE(state.await_hand_over());
  }
}

TEST_F(StateStoreTest, keeps_practices_and_their_rhythm) {
  const auto write = [](Writer& writer, std::uint32_t first_guid) {
    for (std::uint32_t i = 0; i < 4; ++i) {
      writer.write({ledger::test::a_copayment()
                        .guid(first_guid + i)
                        .by(i % 2 == 0 ? "007" : "8")
                        .on(ledger::test::instant("2025-01-01T10:00:00+01:00") +
                            std::chrono::hours{24 * (first_guid + i)})});
    }
  };
  std::vector<ledger::Practice> before;
  Position next;
  {
    StateStore state(temp_ / "state", {.hand_over_items = 3, .practices_max = 1000});
    Writer writer(state);
    write(writer, 1);
    write(writer, 11);
    before = state.practices();
    next = writer.next_position();
  }
  StateStore state(temp_ / "state", {});
  const std::vector<ledger::Practice> after = state.practices();
  ASSERT_EQ(after.size(), 3U);
  for (std::size_t i = 1; i < after.size(); ++i) {
    EXPECT_EQ(after[i].id, before[i].id);
    EXPECT_EQ(after[i].first_received, before[i].first_received);
    EXPECT_EQ(after[i].last_received, before[i].last_received);
    EXPECT_EQ(after[i].active_days, 4U);
  }
  EXPECT_EQ(state.practice_number(ledger::test::practice_id("007")), ledger::PracticeNumber{1});
  EXPECT_EQ(state.practice_number(ledger::test::practice_id("7")), std::nullopt);
}

TEST_F(StateStoreTest, gives_no_practice_a_number_by_what_is_refused) {
  StateStore state(temp_ / "state", {.hand_over_items = 50, .practices_max = 1000});
  Writer(state).write({ledger::test::a_copayment().by("1")});
  const ledger::Month month = std::chrono::year{2025} / 3;
  for (const char* practice : {"1", "2", "3", "99999999999999999999"}) {
    EXPECT_TRUE(
        state.record_tally({ledger::test::practice_id(practice), month, Code::time_barred, 1}))
        << practice;
  }
  EXPECT_TRUE(state.record_tally({{}, month, Code::malformed_item, 1})) << "of no practice";
  EXPECT_EQ(state.practices().size(), 2U) << "the nation, and the one that reported";
  const auto rejected_of = [&](ledger::PracticeNumber practice) {
    return state.timeliness({practice, Basis::received, month}).value().rejected;
  };
  using Rejected = std::vector<std::pair<Code, std::uint64_t>>;
  EXPECT_EQ(rejected_of(ledger::nation),
            (Rejected{{Code::malformed_item, 1}, {Code::time_barred, 4}}));
  EXPECT_EQ(rejected_of(ledger::PracticeNumber{1}), (Rejected{{Code::time_barred, 1}}));
  for (const char* practice : {"2", "3", "99999999999999999999"}) {
    const auto refusals = state.refusals(ledger::test::practice_id(practice)).value();
    ASSERT_EQ(refusals.size(), 1U) << practice;
    EXPECT_EQ(refusals.at(month).rejected, (Rejected{{Code::time_barred, 1}})) << practice;
  }
  EXPECT_TRUE(state.refusals(ledger::test::practice_id("4")).value().empty());
}

TEST_F(StateStoreTest, counts_for_a_practice_what_was_refused_before_it_had_a_number) {
  constexpr std::uint64_t seed = 1;
  ledger::test::Prng prng(seed);
  const StateOptions options{.hand_over_items = 7, .practices_max = 1000};
  MemoryStore memory;
  Writer in_memory(memory);
  auto state = std::make_unique<StateStore>(temp_ / "state", options);
  std::uint32_t guid = 0;
  for (int group = 0; group < 200; ++group) {
    std::vector<ledger::Item> items;
    for (std::uint64_t i = prng.below(5); i != 0; --i) {
      // One in twelve is accepted; the others come too late, in one of three months.
      auto item = ledger::test::a_copayment().guid(++guid).by(std::to_string(prng.below(40)));
      item.on("2024-01-10T10:00:00Z");
      if (prng.below(12) != 0) {
        item.received_at(fmt::format("2025-0{}-10T10:00:00Z", 1 + prng.below(3)));
      }
      items.push_back(std::move(item));
    }
    Writer(*state, in_memory.next_position()).write(items);
    in_memory.write(items);
    if (prng.below(15) == 0) {
      state->begin_hand_over();
      ASSERT_TRUE(state->await_hand_over());
      state.reset();
      state = std::make_unique<StateStore>(temp_ / "state", options);
    }
    if (group % 10 == 0) expect_same_state(*state, memory);
  }
  expect_same_state(*state, memory);
  EXPECT_GT(memory.practices().size(), 10U);
  EXPECT_LT(memory.practices().size(), 40U) << "some still have no number";
  EXPECT_GT(memory.tallies().size(), 100U);
}

TEST_F(StateStoreTest, covers_lag_histograms_with_its_checksum) {
  const auto checksum_of = [&](const char* name, const char* received) {
    StateStore state(temp_ / name, {});
    Writer(state).write({ledger::test::a_copayment().received_at(received)});
    return state.head().totals.checksum.hex();
  };
  const std::string early = checksum_of("a", "2025-03-01T12:00:00+01:00");
  EXPECT_EQ(early, checksum_of("b", "2025-03-01T13:00:00+01:00")) << "the same day";
  EXPECT_NE(early, checksum_of("c", "2025-03-02T12:00:00+01:00"));
}

TEST_F(StateStoreTest, shows_readers_on_other_threads_consistent_rows_only) {
  constexpr std::uint32_t persons = 12;
  std::atomic<bool> is_done{false};
  std::atomic<int> faults{0};
  StateStore state(temp_ / "state", {.hand_over_items = 50, .practices_max = 1000});

  const auto read_accounts = [&] {
    std::map<AccountKey, Position> newest;
    while (!is_done) {
      for (std::uint32_t person = 1; person <= persons; ++person) {
        const AccountKey key{ledger::PersonId{person}, person % 2 == 0 ? 2024 : 2025};
        const auto account = state.account(key);
        if (!account) {
          ++faults;
          continue;
        }
        Money sum;
        for (const ledger::DaySum& day : account.value().days) sum += day.amount;
        const Money ceiling = *rules().ceiling_of(key.year);
        const Money excess = sum > ceiling ? sum - ceiling : Money();
        const bool is_consistent =
            sum == account.value().counted_sum && account.value().refunded() == excess;
        if (!is_consistent || account.value().newest < newest[key]) ++faults;
        newest[key] = account.value().newest;
      }
    }
  };
  std::vector<ledger::Event> followed;
  const auto follow_events = [&] {
    Position after;
    std::uint32_t ordinal = 0;
    for (bool is_last = false;;) {
      const auto page = state.events(after, ordinal, 5);
      if (!page) {
        ++faults;
        return;
      }
      for (const auto& [number, event] : page.value()) {
        followed.push_back(event);
        after = event.cause;
        ordinal = number;
      }
      if (!page.value().empty()) continue;
      if (is_last) return;
      is_last = is_done;
    }
  };
  const auto read_counters = [&] {
    std::map<ledger::Month, std::uint64_t> counts;
    while (!is_done) {
      for (const ledger::Month month :
           {std::chrono::year{2024} / 12, std::chrono::year{2025} / 1}) {
        const auto row = state.timeliness({ledger::nation, Basis::service, month});
        std::uint64_t count = 0;
        for (const std::uint32_t lag_count : row.value().by_lag) count += lag_count;
        if (count < counts[month]) ++faults;
        counts[month] = count;
      }
    }
  };
  std::vector<std::thread> readers;
  readers.emplace_back(read_accounts);
  readers.emplace_back(follow_events);
  readers.emplace_back(read_counters);

  Workload workload(4, persons);
  Writer in_files(state);
  Writer in_memory(memory_);
  for (int group = 0; group < 300; ++group) {
    const auto items = workload.take(10);
    in_files.write(items);
    in_memory.write(items);
  }
  is_done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(faults, 0);
  EXPECT_EQ(followed, memory_.events());
  expect_same_state(state, memory_);
}

}  // namespace
}  // namespace storage::test
