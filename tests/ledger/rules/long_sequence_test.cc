// Long random sequences of items, against the reference.

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "tests/ledger/rules/reference_world.h"
#include "tests/support/print.h"
#include "tests/support/prng.h"

namespace ledger::test {
namespace {

using testing::PrintToString;

/// The seeds of this run: FRIKORT_TEST_SEED, or as many fixed ones as fit into a few seconds.
std::vector<std::uint64_t> seeds() {
  if (const char* text = std::getenv("FRIKORT_TEST_SEED")) {
    return {std::strtoull(text, nullptr, 10)};
  }
  std::vector<std::uint64_t> fixed;
  for (std::uint64_t seed = 1; seed <= (is_slow_build ? 5 : 40); ++seed) fixed.push_back(seed);
  return fixed;
}

/// A practice's life in 2024 and 2025: mostly new reports, some late, some ahead of the clock, and
/// now and then something about an earlier one.
Item random_item(Prng& random, const std::vector<Item>& sent, Instant now) {
  const auto key = static_cast<std::uint32_t>(random.below(sent.size() + 2));
  if (!sent.empty() && random.chance(1, 10)) return sent[random.below(sent.size())];
  if (random.chance(1, 5)) return with_key(a_payment(), key).received_at(now);
  if (random.chance(1, 5)) return with_key(a_credit_note(), key).received_at(now);
  static constexpr std::int64_t amounts[] = {0, 0, 1, 5, 10, 30, 40, 60, 99, 100, 101, 160};
  const auto back = std::chrono::hours{random.below(random.chance(1, 4) ? 240 * 24 : 20 * 24)};
  Instant service = now + std::chrono::seconds{-back};
  if (random.chance(1, 20)) service = now + std::chrono::minutes{random.below(10)};
  ItemBuilder item = with_key(a_copayment(), static_cast<std::uint32_t>(sent.size()))
                         .of_ore(random.pick(std::span<const std::int64_t>(amounts)))
                         .paid(random.chance(3, 4))
                         .of_person(1 + static_cast<std::uint32_t>(random.below(3)))
                         .on(service)
                         .received_at(now);
  if (random.chance(1, 15)) item.of_ore(0).exempt_for(random.chance(1, 2) ? 'F' : 'B');
  // Now and then a key that may be taken, by other content or by what was rejected.
  if (random.chance(1, 15)) return with_key(item, key);
  return item;
}

/// What the journal's records keep of an entry: identifiers are in the first entry only.
ItemEntry journaled(ItemEntry entry) {
  if (!entry.is_new_practice) entry.item.practice = {};
  if (!entry.is_new_person || entry.item.type != ItemType::copayment) entry.item.person = {};
  entry.item.fingerprint = {};
  entry.item.content_hash = 0;
  return entry;
}

void expect_replay_gives_the_same_state(const MemoryStore& original) {
  MemoryStore replayed(MemoryStore::Journal::kept);
  Ledger ledger(replayed, rules(), replayed);
  for (const ItemEntry& entry : original.entries()) {
    const auto posted = ledger.replay(journaled(entry));
    ASSERT_TRUE(posted.has_value()) << PrintToString(entry.item);
  }
  EXPECT_EQ(replayed.registrations(), original.registrations());
  EXPECT_EQ(replayed.accounts(), original.accounts());
  EXPECT_EQ(replayed.persons(), original.persons());
  EXPECT_EQ(replayed.practices(), original.practices());
  EXPECT_EQ(replayed.events(), original.events());
  ASSERT_EQ(replayed.timeliness().size(), original.timeliness().size());
  for (const auto& [key, month] : original.timeliness()) {
    EXPECT_EQ(replayed.timeliness().at(key).by_lag, month.by_lag);
  }
}

TEST(LongSequence, gives_the_state_of_the_reference_and_replays_to_it) {
  constexpr std::size_t length = 400;
  std::map<std::string, int> answers;
  for (const std::uint64_t seed : seeds()) {
    SCOPED_TRACE("FRIKORT_TEST_SEED=" + std::to_string(seed));
    Prng random(seed);
    World world;
    std::vector<Item> sent;
    Instant now = instant("2024-01-02T08:00:00+01:00");
    for (std::size_t step = 0; step < length; ++step) {
      now = now + std::chrono::minutes{random.below(4 * 24 * 60)};
      const Item item = random_item(random, sent, now);
      if (year_of(oslo_date(now)) > 2025) now = instant("2025-12-31T23:30:00+01:00");
      sent.push_back(item);
      const ExpectedAnswer expected = expected_answer(world.store.entries(), item);
      const Outcome outcome = world.submit(item);
      ++answers[outcome.disposition == Disposition::rejected
                    ? std::string(name_of(outcome.rejection))
                : outcome.disposition == Disposition::duplicate ? "duplicate"
                                                                : "accepted"];
      // The expected answer knows nothing of times and cards: those rejections are tabled
      // elsewhere.
      const bool is_other_rejection = expected.disposition == Disposition::accepted &&
                                      outcome.disposition == Disposition::rejected;
      if (!is_other_rejection) {
        ASSERT_EQ(answer_problem(expected, outcome), "") << PrintToString(item);
      }
      ASSERT_EQ(state_problem(world.store), "") << "step " << step << ": " << PrintToString(item);
    }
    ASSERT_EQ(resend_problem(world), "");
    ASSERT_EQ(state_problem(world.store), "");
    expect_replay_gives_the_same_state(world.store);
    if (HasFailure()) return;
  }
  std::cout << "seeds: " << seeds().size() << ", items each: " << length << ';';
  for (const auto& [answer, count] : answers) std::cout << ' ' << answer << ' ' << count;
  std::cout << '\n';
  if (seeds().size() == 1) return;
  for (const char* answer :
       {"accepted", "duplicate", "CONTENT_CONFLICT", "FUTURE_SERVICE_TIME", "TIME_BARRED",
        "NO_CARD_REGISTERED", "UNKNOWN_ORIGINAL", "ORIGINAL_CREDITED", "NO_RULES_FOR_YEAR"}) {
    EXPECT_GT(answers[answer], 0) << "the sequences never come to " << answer;
  }
}

TEST(LongSequence, of_one_busy_account_gives_the_state_of_the_reference) {
  const std::uint64_t seed = seeds().front();
  SCOPED_TRACE("FRIKORT_TEST_SEED=" + std::to_string(seed));
  Prng random(seed);
  World world;
  const Instant first = instant("2025-12-01T08:00:00+01:00");
  const std::uint32_t items_count = is_slow_build ? 600 : 2000;
  std::uint32_t reported = 0;
  for (std::uint32_t i = 0; i < items_count; ++i) {
    const Instant now = first + std::chrono::minutes{i};
    const auto earlier = 1 + static_cast<std::uint32_t>(random.below(reported + 1));
    if (random.chance(2, 5)) {
      world.submit(random.chance(1, 3) ? a_payment().guid(earlier).received_at(now)
                                       : a_credit_note().guid(earlier).received_at(now));
      continue;
    }
    const auto days_back = std::chrono::hours{24 * random.below(180)};
    world.submit(a_copayment()
                     .guid(++reported)
                     .of_ore(static_cast<std::int64_t>(random.below(40)))
                     .paid(random.chance(3, 4))
                     .on(now + std::chrono::seconds{-days_back})
                     .received_at(now));
  }
  EXPECT_EQ(state_problem(world.store), "");
  expect_replay_gives_the_same_state(world.store);
}

}  // namespace
}  // namespace ledger::test
