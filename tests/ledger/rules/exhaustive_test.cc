// Every short sequence of items over a small alphabet, and long random ones, against the reference.
// After each item the state is compared with what the reference makes of the accepted entries, the
// invariants are checked, and everything is sent once more: that must change nothing.

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "ledger/records/fingerprint.h"
#include "ledger/reference/reference.h"
#include "ledger/rules/ledger.h"
#include "tests/support/builders.h"
#include "tests/support/memory_store.h"
#include "tests/support/print.h"
#include "tests/support/prng.h"

namespace ledger::test {
namespace {

using testing::PrintToString;

// Sanitizers and missing optimisation make a step many times slower; the release build goes deep.
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_slow_build = true;
#else
constexpr bool is_slow_build = false;
#endif

const Money ceiling = Money::from_ore(100);

const RulePack& rules() {
  static const RulePack pack = small_rules(ceiling);
  return pack;
}

/// What is wrong with the state, in words; empty when nothing is. Strings are made of failures
/// only: this runs millions of times.
std::string account_problem(const Account& account, int year, bool had_reached) {
  Money sum;
  for (std::size_t i = 0; i < account.days.size(); ++i) {
    const DaySum& day = account.days[i];
    sum += day.amount;
    if (year_of(day.day) != year) return "L1: a day of another year";
    if (day.amount <= Money()) return "L1: a day not above zero";
    if (i > 0 && account.days[i - 1].day >= day.day) return "L1: days not ascending";
  }
  if (sum != account.counted_sum) return "L1: the days do not add up to the sum";
  const Money excess = std::max(Money(), account.counted_sum - ceiling);
  if (account.refunded() != excess) return "L2: the refund lines do not add up to the excess";
  if (account.card.has_value() != had_reached) return "L3: a card without reason, or none";
  const bool is_active = account.card && account.card->state == CardState::active;
  if (is_active != (account.counted_sum >= ceiling)) return "L3: the state of the card is wrong";
  for (const RefundLine& line : account.refund_lines) {
    if (line.amount.is_zero()) return "a refund line of zero";
    if (account.refunded(line.registration) < Money()) return "a registration refunded below zero";
  }
  return {};
}

std::string registration_problem(const MemoryStore& store, const ReferenceRegistration& expected,
                                 const Entry& reported) {
  const auto found = store.registrations().find(reported.item.fingerprint);
  if (found == store.registrations().end()) return "a registration is missing";
  const Registration& registration = found->second;
  if (registration.is_paid != expected.is_paid ||
      registration.is_credited != expected.is_credited || registration.amount != expected.amount ||
      registration.person != reported.person ||
      registration.reported.position != expected.position ||
      reason_not_counted(registration) != expected.reason) {
    return "a registration is " + PrintToString(registration);
  }
  if (expected.refunded < Money() || expected.refunded > expected.amount) {
    return "a registration is refunded " + PrintToString(expected.refunded);
  }
  if (!expected.is_counted() && !expected.refunded.is_zero()) {
    return "a registration that does not count is refunded";
  }
  return {};
}

/// The events tell the whole story: what follows them ends up with the same card and refund.
std::string event_problem(const MemoryStore& store, const AccountKey& key, const Account& account) {
  std::optional<CardState> state;
  Date entitled_from{};
  Date before{};  // of the entry that the event comes from
  Position cause;
  Money refunded;
  for (const Event& event : store.events()) {
    if (event.account != key) continue;
    if (is_about_card(event.type) && (!account.card || event.card != account.card->id)) {
      return "an event of another card";
    }
    if (event.cause != cause) before = entitled_from;
    cause = event.cause;
    switch (event.type) {
      case EventType::card_issued:
        if (state) return "a card issued twice";
        state = CardState::active;
        break;
      case EventType::card_under_review:
        if (state != CardState::active) return "review of a card that is not active";
        state = CardState::under_review;
        break;
      case EventType::card_reinstated:
        if (state != CardState::under_review) return "reinstated without review";
        state = CardState::active;
        break;
      case EventType::entitlement_moved:
        if (event.moved_from == event.entitled_from) return "an entitlement moved to where it was";
        if (event.moved_from != before) return "an entitlement moved from where it was not";
        break;
      case EventType::refund_due:
        if (event.amount <= Money()) return "a refund due that is not above zero";
        refunded += event.amount;
        continue;
      case EventType::refund_netted:
        if (event.amount >= Money()) return "a netting that is not below zero";
        refunded += event.amount;
        continue;
      case EventType::person_merged:
        return "a merge out of nowhere";
    }
    entitled_from = event.entitled_from;
  }
  if (refunded != account.refunded()) return "the events tell another refund";
  if (state.has_value() != account.card.has_value()) return "the events tell another card";
  if (account.card &&
      (account.card->state != *state || account.card->entitled_from != entitled_from)) {
    return "the events tell another state of the card";
  }
  return {};
}

std::string compare_account(const MemoryStore& store, const AccountKey& key) {
  const Account& account = store.accounts().at(key);
  const std::vector<Entry> entries = store.entries_of(key);
  const ReferenceAccount reference = reference_account(entries, key.year, ceiling, rules().hash());
  if (!reference.misfits.empty()) return "the reference cannot place an entry";
  if (!(account == reference.account)) {
    return "account is " + PrintToString(account) + "\n  reference " +
           PrintToString(reference.account);
  }
  const bool had_reached = reference.account.card.has_value();
  if (auto problem = account_problem(account, key.year, had_reached); !problem.empty()) {
    return problem;
  }
  std::size_t registration = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].verdict != reference.verdicts[i]) {
      return "verdict is " + PrintToString(entries[i].verdict) + ", reference " +
             PrintToString(reference.verdicts[i]);
    }
    if (entries[i].previous != (i == 0 ? Position() : entries[i - 1].verdict.position)) {
      return "the chain of entries is broken";
    }
    if (entries[i].item.type != ItemType::copayment) continue;
    const auto& expected = reference.registrations[registration++];
    if (auto problem = registration_problem(store, expected, entries[i]); !problem.empty()) {
      return problem;
    }
  }
  return event_problem(store, key, account);
}

std::string compare_timeliness(const MemoryStore& store) {
  const auto expected = reference_timeliness(store.entries());
  if (expected.size() != store.timeliness().size()) return "other timeliness months than a scan";
  for (const auto& [key, month] : store.timeliness()) {
    const auto found = expected.find(key);
    if (found == expected.end() || found->second.by_lag != month.by_lag) {
      return "timeliness counters are not those of a scan";
    }
  }
  return {};
}

std::string compare_all(const MemoryStore& store) {
  for (const auto& [key, account] : store.accounts()) {
    if (auto problem = compare_account(store, key); !problem.empty()) return problem;
  }
  return compare_timeliness(store);
}

/// What the answer to an item must be, worked out from the items accepted so far by looking through
/// all of them. Does not judge times or cards.
struct ExpectedAnswer {
  Disposition disposition;
  Code rejection = Code::none;
  Verdict verdict;  ///< of the original, for a duplicate
};

ExpectedAnswer expected_answer(const std::vector<Entry>& entries, const Item& item) {
  bool is_known = false;
  bool is_credited = false;
  for (const Entry& entry : entries) {
    if (!(entry.item.practice == item.practice) || entry.item.guid != item.guid) continue;
    is_known = true;
    is_credited |= entry.item.type == ItemType::credit_note;
    if (entry.item.type != item.type) continue;
    const bool is_same =
        item.type != ItemType::copayment ||
        (entry.item.amount == item.amount && entry.item.is_paid == item.is_paid &&
         entry.item.service_time == item.service_time && entry.item.person == item.person &&
         entry.item.exemption == item.exemption && entry.item.service_type == item.service_type);
    if (is_same) return {Disposition::duplicate, Code::none, entry.verdict};
    return {Disposition::rejected, Code::content_conflict, {}};
  }
  if (item.type == ItemType::copayment) return {Disposition::accepted, Code::none, {}};
  if (!is_known) return {Disposition::rejected, Code::unknown_original, {}};
  if (item.type == ItemType::payment && is_credited) {
    return {Disposition::rejected, Code::original_credited, {}};
  }
  return {Disposition::accepted, Code::none, {}};
}

/// The state after a sequence. Copied at each branch.
struct World {
  MemoryStore store{MemoryStore::Journal::kept};
  std::uint64_t next_position = 1;

  Outcome submit(const Item& item) {
    Ledger ledger(store, rules());
    Entry entry;
    const Outcome outcome = ledger.process(item, Position{next_position}, entry).value();
    if (outcome.disposition == Disposition::accepted) {
      ++next_position;
      store.keep_entry(entry);
    }
    return outcome;
  }
};

std::string answer_problem(const ExpectedAnswer& expected, const Outcome& outcome) {
  const bool is_expected =
      outcome.disposition == expected.disposition && outcome.rejection == expected.rejection &&
      (expected.disposition != Disposition::duplicate || outcome.verdict == expected.verdict);
  return is_expected ? std::string() : "answer is " + PrintToString(outcome);
}

/// Sends everything once more, and everything once more with another amount.
std::string resend_problem(World& world) {
  for (const Entry& entry : std::vector<Entry>(world.store.entries())) {
    const Outcome resent = world.submit(entry.item);
    if (resent.disposition != Disposition::duplicate || resent.verdict != entry.verdict) {
      return "resend of " + PrintToString(entry.item) + " is " + PrintToString(resent);
    }
    if (entry.item.type != ItemType::copayment) continue;
    Item other = entry.item;
    other.amount += Money::from_ore(1);
    identify(other);
    const Outcome conflict = world.submit(other);
    if (conflict.rejection != Code::content_conflict) {
      return "other content is " + PrintToString(conflict);
    }
  }
  return {};
}

/// Walks through all sequences depth first.
class Explorer {
 public:
  /// Which items may come next, given those accepted so far.
  using Choices = std::vector<Item> (*)(const std::vector<Entry>& accepted);

  Explorer(Choices choices, std::size_t length, bool resends)
      : choices_(choices), length_(length), resends_(resends) {}

  void run() {
    explore(World(), 0);
    std::cout << "sequences: " << sequences_ << " of length " << length_
              << ", states checked: " << states_ << '\n';
    EXPECT_GT(sequences_, 0U);
  }

 private:
  void explore(const World& world, std::size_t depth) {
    if (depth == length_) {
      ++sequences_;
      return;
    }
    for (Item item : choices_(world.store.entries())) {
      item.received = instant_of_step(depth);
      path_.push_back(item);
      World next = world;
      const ExpectedAnswer expected = expected_answer(world.store.entries(), item);
      std::string problem = answer_problem(expected, next.submit(item));
      if (problem.empty() && resends_) problem = resend_problem(next);
      if (problem.empty()) problem = compare_all(next.store);
      ++states_;
      if (!problem.empty()) {
        ADD_FAILURE() << problem << "\n  after " << PrintToString(path_);
      } else {
        explore(next, depth + 1);
      }
      path_.pop_back();
      if (testing::Test::HasFailure()) return;
    }
  }

  static Instant instant_of_step(std::size_t step) {
    static const Instant first = instant("2025-02-01T12:00:00+01:00");
    return first + std::chrono::minutes{step};
  }

  Choices choices_;
  std::size_t length_;
  bool resends_;
  std::vector<Item> path_;
  std::uint64_t sequences_ = 0;
  std::uint64_t states_ = 0;
};

constexpr const char* new_years_eve = "2024-12-31T23:59:00+01:00";
constexpr const char* january = "2025-01-10T10:00:00+01:00";
constexpr const char* february = "2025-02-01T10:00:00+01:00";

/// The key called 0, 1, 2: the first two share a guid and differ in practice.
ItemBuilder with_key(ItemBuilder builder, std::uint32_t key) {
  return builder.guid(key / 2 + 1).by(key % 2 == 0 ? "1001" : "2002");
}

/// Every item at every step, whatever came before.
std::vector<Item> all_items(const std::vector<Entry>&) {
  static const std::vector<Item> items = [] {
    std::vector<Item> all;
    for (const std::uint32_t key : {0U, 1U}) {
      all.push_back(with_key(a_copayment(), key).of_ore(60).on(january));
      all.push_back(with_key(a_copayment(), key).of_ore(60).on(february).paid(false));
      all.push_back(with_key(a_copayment(), key).of_ore(100).on(january));
      all.push_back(with_key(a_copayment(), key).of_ore(0).on(february));
      all.push_back(with_key(a_copayment(), key).of_ore(160).on(new_years_eve));
      all.push_back(with_key(a_payment(), key));
      all.push_back(with_key(a_credit_note(), key));
    }
    return all;
  }();
  return items;
}

/// Only items that will be accepted; resends are tried in every state anyway. A new registration
/// takes the lowest free key: the others would give the same states under other names.
std::vector<Item> accepted_items(const std::vector<Entry>& accepted, std::uint32_t keys_max,
                                 const std::vector<Item>& contents) {
  std::vector<Item> items;
  std::uint32_t known = 0;
  for (const Entry& entry : accepted) {
    if (entry.item.type != ItemType::copayment) continue;
    ++known;
    for (const ItemType type : {ItemType::payment, ItemType::credit_note}) {
      Item item = entry.item;
      item.type = type;
      if (expected_answer(accepted, item).disposition == Disposition::accepted) {
        items.push_back(item);
      }
    }
  }
  if (known == keys_max) return items;
  const Item key = with_key(a_copayment(), known);
  for (Item item : contents) {
    item.guid = key.guid;
    item.practice = key.practice;
    identify(item);
    items.push_back(item);
  }
  return items;
}

std::vector<Item> contents_of(const std::vector<std::int64_t>& amounts,
                              const std::vector<const char*>& times) {
  std::vector<Item> contents;
  for (const std::int64_t ore : amounts) {
    for (const char* time : times) {
      for (const bool is_paid : {true, false}) {
        contents.push_back(a_copayment().of_ore(ore).on(time).paid(is_paid));
      }
    }
  }
  return contents;
}

std::vector<Item> three_of_all_contents(const std::vector<Entry>& accepted) {
  static const auto contents =
      contents_of({0, 40, 60, 100, 160}, {january, february, new_years_eve});
  return accepted_items(accepted, 3, contents);
}

std::vector<Item> four_of_few_contents(const std::vector<Entry>& accepted) {
  static const auto contents = contents_of({40, 60, 160}, {january, february});
  return accepted_items(accepted, 4, contents);
}

std::vector<Item> three_of_paid_contents(const std::vector<Entry>& accepted) {
  static const std::vector<Item> contents{
      a_copayment().of_ore(60).on(february), a_copayment().of_ore(60).on(january),
      a_copayment().of_ore(100).on(january), a_copayment().of_ore(160).on(february),
      a_copayment().of_ore(40).on(january).paid(false)};
  return accepted_items(accepted, 3, contents);
}

TEST(EverySequence, of_all_items_gives_the_state_of_the_reference) {
  Explorer(all_items, is_slow_build ? 4 : 5, false).run();
}

TEST(EverySequence, of_three_registrations_gives_the_state_of_the_reference) {
  Explorer(three_of_all_contents, is_slow_build ? 3 : 5, true).run();
}

TEST(EverySequence, of_four_registrations_gives_the_state_of_the_reference) {
  Explorer(four_of_few_contents, is_slow_build ? 4 : 5, true).run();
}

TEST(EverySequence, of_three_registrations_to_their_end_gives_the_state_of_the_reference) {
  Explorer(three_of_paid_contents, is_slow_build ? 5 : 7, true).run();
}

// Long random sequences.

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
Entry journaled(Entry entry) {
  if (!entry.is_new_practice) entry.item.practice = {};
  if (!entry.is_new_person || entry.item.type != ItemType::copayment) entry.item.person = {};
  entry.item.fingerprint = {};
  entry.item.content_hash = 0;
  return entry;
}

void expect_replay_gives_the_same_state(const MemoryStore& original) {
  MemoryStore replayed(MemoryStore::Journal::kept);
  Ledger ledger(replayed, rules());
  for (const Entry& entry : original.entries()) {
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
      ASSERT_EQ(compare_all(world.store), "") << "step " << step << ": " << PrintToString(item);
    }
    ASSERT_EQ(resend_problem(world), "");
    ASSERT_EQ(compare_all(world.store), "");
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
  EXPECT_EQ(compare_all(world.store), "");
  expect_replay_gives_the_same_state(world.store);
}

}  // namespace
}  // namespace ledger::test
