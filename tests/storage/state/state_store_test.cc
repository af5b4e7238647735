#include "storage/state/state_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "ledger/rules/ledger.h"
#include "ledger/values/rfc3339.h"
#include "tests/storage/no_room.h"
#include "tests/storage/temp_folder.h"
#include "tests/storage/workload.h"
#include "tests/support/memory_store.h"
#include "tests/support/print.h"

namespace storage::test {
namespace {

using ledger::AccountKey;
using ledger::Basis;
using ledger::Code;
using ledger::Disposition;
using ledger::Money;
using ledger::Position;
using ledger::TimelinessKey;
using ledger::TimelinessMonth;
using ledger::test::MemoryStore;

const ledger::RulePack& rules() {
  static const ledger::RulePack pack = ledger::test::published_rules();
  return pack;
}

/// Groups of a few items through the ledger on any store, as the ledger's writer makes them.
class Writer {
 public:
  explicit Writer(ledger::Store& store, Position first = Position{1})
      : store_(store), ledger_(store, rules()), position_(first) {}

  /// Posts the items as one group; durable at once.
  void write(const std::vector<ledger::Item>& items) { make_durable(post(items)); }

  ledger::CommitGroup post(const std::vector<ledger::Item>& items) {
    ledger::CommitGroup group;
    group.position = position_;
    group.rule_pack = rules().hash();
    store_.begin_group(group.position);
    std::map<std::tuple<std::string, ledger::Month, Code>, std::uint64_t> tallies;
    // Whether or not the store is told what comes must not show, so it is told of a part.
    std::vector<const ledger::Item*> told;
    for (std::size_t i = 0; i < std::min(items.size() / 2, ledger::lookups_max); ++i) {
      told.push_back(&items[i]);
    }
    ledger_.expect(told);
    for (const ledger::Item& item : items) {
      ledger::Entry entry;
      const Position position{group.position.value() + 1 + group.entries.size()};
      const ledger::Outcome outcome = ledger_.process(item, position, entry).value();
      if (outcome.disposition == Disposition::accepted) {
        group.entries.push_back(entry);
      } else {
        ++tallies[{std::string(item.practice.view()),
                   ledger::month_of(ledger::oslo_date(item.received)), outcome.rejection}];
      }
    }
    for (const auto& [key, count] : tallies) {
      const ledger::Tally tally{ledger::test::practice_id(std::get<0>(key)), std::get<1>(key),
                                std::get<2>(key), count};
      EXPECT_TRUE(store_.record_tally(tally));
      group.tallies.push_back(tally);
    }
    store_.finish_group(group);
    position_ = group.next_position();
    return group;
  }

  void make_durable(const ledger::CommitGroup& group) {
    store_.note_durable(group.next_position());
  }

  Position next_position() const { return position_; }

 private:
  ledger::Store& store_;
  ledger::Ledger ledger_;
  Position position_;
};

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
  for (std::size_t i = 0; i < memory.tallies().size(); ++i) {
    const ledger::Tally& tally = memory.tallies()[i];
    for (const ledger::PracticeNumber practice :
         std::set{ledger::nation, numbers.at(memory.tally_practices()[i])}) {
      TimelinessMonth& month = months[{practice, Basis::received, tally.month}];
      if (tally.code == Code::none) {
        month.duplicates += tally.count;
      } else {
        month.add_rejected(tally.code, tally.count);
      }
    }
  }
  return months;
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

/// Every row and every total; from the writer's thread.
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
  }
  for (const auto& [number, person] : memory.persons()) {
    ASSERT_EQ(state.person_of(number).value(), person);
  }
  for (const auto& [key, month] : months_of(memory, state)) {
    const auto found = state.timeliness(key);
    ASSERT_TRUE(found);
    ASSERT_EQ(found.value().by_lag, month.by_lag) << ledger::to_string(key.month);
    ASSERT_EQ(found.value().duplicates, month.duplicates) << ledger::to_string(key.month);
    ASSERT_EQ(found.value().rejected, month.rejected) << ledger::to_string(key.month);
  }
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
  EXPECT_EQ(totals.cards(), cards);
  EXPECT_EQ(totals.cards_under_review(), under_review);
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

class StateStoreTest : public testing::Test {
 protected:
  TempFolder temp_;
  MemoryStore memory_;
};

TEST_F(StateStoreTest, is_empty_at_first) {
  StateStore state(temp_ / "state", {});
  EXPECT_EQ(state.head().next_position, Position{1});
  EXPECT_EQ(state.head().totals, StateTotals());
  EXPECT_EQ(state.account({ledger::PersonId{1}, 2025}).value(), ledger::Account());
  EXPECT_EQ(state.person_of(ledger::test::person_number(1)).value(), std::nullopt);
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
      EXPECT_GT(state.head().totals.cards_under_review(), 0U) << "a workload without review";
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
    ledger::Ledger ledger(state, rules());
    ledger::Entry entry;
    ASSERT_TRUE(ledger.process(ledger::test::a_copayment().guid(5'000), Position{500}, entry));
  }
  // Nothing of the last run is lost by that: the journal has it.
  StateStore state(temp_ / "state", {});
  const bool has_all = state.head().totals == totals;
  EXPECT_TRUE(has_all || state.head().totals == StateTotals());
  const ledger::Item half = ledger::test::a_copayment().guid(5'000);
  EXPECT_EQ(state.find_registration(half.fingerprint).value(), std::nullopt);
}

TEST_F(StateStoreTest, makes_no_practice_known_by_what_is_refused) {
  StateStore state(temp_ / "state", {.hand_over_items = 50, .practices_max = 1000});
  Writer(state).write({ledger::test::a_copayment().by("1")});
  const ledger::Month month = std::chrono::year{2025} / 3;
  for (const char* practice : {"1", "2", "3", "99999999999999999999"}) {
    EXPECT_TRUE(
        state.record_tally({ledger::test::practice_id(practice), month, Code::time_barred, 1}))
        << practice;
  }
  EXPECT_EQ(state.practices().size(), 2U) << "the nation, and the one that reported";
  const auto rejected_of = [&](ledger::PracticeNumber practice) {
    return state.timeliness({practice, Basis::received, month}).value().rejected;
  };
  using Rejected = std::vector<std::pair<Code, std::uint64_t>>;
  EXPECT_EQ(rejected_of(ledger::nation), (Rejected{{Code::time_barred, 4}}));
  EXPECT_EQ(rejected_of(ledger::PracticeNumber{1}), (Rejected{{Code::time_barred, 1}}));
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
