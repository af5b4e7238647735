// How fast the rules are, on one core: no disk, no network, no JSON.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <string_view>
#include <vector>

#include "bench/load_items.h"
#include "ledger/records/fingerprint.h"
#include "ledger/reference/reference.h"
#include "ledger/rules/ledger.h"
#include "ledger/rules/post.h"
#include "tests/support/builders.h"
#include "tests/support/memory_store.h"
#include "tests/support/prng.h"

namespace bench {
namespace {

using ledger::test::MemoryStore;

constexpr std::uint64_t seed = 42;
const ledger::Date today{std::chrono::year{2026} / 6 / 15};

/// Ends the program when a result is not the reference's.
void require(bool is_right, std::string_view what) {
  if (is_right) return;
  std::cerr << "not as the reference: " << what << '\n';
  std::exit(1);
}

const ledger::RulePack& rules() {
  static const ledger::RulePack pack = ledger::test::published_rules();
  return pack;
}

/// The registrations of `persons` persons over the two weeks before `today`.
std::vector<ledger::Item> some_items(std::uint32_t count, std::uint32_t persons) {
  const LoadItems source(seed, persons, today);
  std::vector<ledger::Item> items(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const LoadItem made = source.item(i);
    ledger::Item& item = items[i];
    item.guid = made.guid;
    item.practice = ledger::test::practice_id(source.practice_id(made.practice));
    item.person = ledger::test::person_number(made.person + 1);
    item.service_type = *ledger::parse_service_type(LoadItems::service_type(made.practice));
    item.service_time = source.service_time(made);
    item.received = {std::chrono::sys_seconds(today).time_since_epoch().count() + i / 1000, 0};
    item.amount = ledger::Money::from_ore(made.amount_ore);
    item.is_paid = true;
    identify(item);
  }
  return items;
}

/// Sends the items one by one at positions 1, 2, 3 …; returns how many were accepted.
std::uint64_t process(const std::vector<ledger::Item>& items, MemoryStore& store,
                      bool keeps_entries) {
  ledger::Ledger ledger(store, rules(), store);
  std::uint64_t accepted = 0;
  ledger::ItemEntry entry;
  for (const ledger::Item& item : items) {
    const auto outcome = ledger.process(item, ledger::Position{accepted + 1}, entry);
    if (!outcome || outcome.value().disposition != ledger::Disposition::accepted) continue;
    ++accepted;
    if (keeps_entries) store.keep_entry(entry);
  }
  return accepted;
}

void verify_process(const std::vector<ledger::Item>& items, std::uint32_t persons) {
  MemoryStore store(MemoryStore::Journal::kept);
  require(process(items, store, true) == items.size(), "an item is not accepted");
  require(store.persons().size() == persons, "the number of persons");
  for (const auto& [key, account] : store.accounts()) {
    const std::vector<ledger::ItemEntry> entries = store.entries_of(key);
    const ledger::ReferenceAccount expected =
        reference_account(entries, key.year, *rules().ceiling_of(key.year), rules().hash());
    require(expected.misfits.empty() && expected.account == account, "an account");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      require(entries[i].verdict == expected.verdicts[i], "a verdict");
    }
  }
  const auto timeliness = ledger::reference_timeliness(store.entries());
  require(store.timeliness().size() == timeliness.size(), "the months of timeliness");
  for (const auto& [key, month] : store.timeliness()) {
    require(month.by_lag == timeliness.at(key).by_lag, "a month of timeliness");
  }
  require(process(items, store, true) == 0, "a resend");
}

/// The whole processing of an item by the rules, with the state in plain maps: what a commit costs
/// before it is written. 40 registrations a person, so that many reach the ceiling.
void ledger_process(benchmark::State& state) {
  constexpr std::uint32_t count = 8'000;
  constexpr std::uint32_t persons = 200;
  static const std::vector<ledger::Item> items = [] {
    std::vector<ledger::Item> made = some_items(count, persons);
    verify_process(made, persons);
    return made;
  }();
  for ([[maybe_unused]] auto _ : state) {
    MemoryStore store;
    benchmark::DoNotOptimize(process(items, store, false));
  }
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(ledger_process)->Unit(benchmark::kMillisecond);

/// The same items once more: all duplicates.
void ledger_process_resent(benchmark::State& state) {
  constexpr std::uint32_t count = 8'000;
  static const std::vector<ledger::Item> items = some_items(count, 200);
  MemoryStore store;
  require(process(items, store, false) == count, "an item is not accepted");
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(process(items, store, false));
  }
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(ledger_process_resent)->Unit(benchmark::kMillisecond);

/// A person's year of `count` registrations, spread over its days in a random order.
std::vector<ledger::Item> year_of_one_person(std::uint32_t count) {
  std::vector<ledger::Item> items = some_items(count, 1);
  ledger::test::Prng days(seed);
  for (ledger::Item& item : items) {
    item.service_time = item.service_time + -std::chrono::days{days.below(150)};
    identify(item);
  }
  return items;
}

void post_year(const std::vector<ledger::Item>& items, ledger::Account& account,
               std::vector<ledger::Event>& events, std::vector<ledger::Verdict>& verdicts) {
  ledger::PostContext context;
  context.account = {ledger::PersonId{1}, 2026};
  context.ceiling = *rules().ceiling_of(2026);
  context.rule_pack = rules().hash();
  account.clear();
  verdicts.clear();
  for (std::size_t i = 0; i < items.size(); ++i) {
    context.position = ledger::Position{i + 1};
    context.received = items[i].received;
    ledger::Registration registration;
    events.clear();
    verdicts.push_back(post_copayment(items[i], context, registration, account, events));
  }
}

void verify_year(const std::vector<ledger::Item>& items) {
  ledger::Account account;
  std::vector<ledger::Event> events;
  std::vector<ledger::Verdict> verdicts;
  post_year(items, account, events, verdicts);
  std::vector<ledger::ItemEntry> entries;
  for (std::size_t i = 0; i < items.size(); ++i) {
    ledger::ItemEntry entry;
    entry.item = items[i];
    entry.person = ledger::PersonId{1};
    entry.practice = ledger::PracticeNumber{1};
    entry.verdict = verdicts[i];
    entries.push_back(entry);
  }
  const ledger::ReferenceAccount expected =
      reference_account(entries, 2026, *rules().ceiling_of(2026), rules().hash());
  require(expected.misfits.empty() && expected.verdicts == verdicts, "a verdict of a year");
  require(expected.account.card.has_value() == (items.size() >= 100), "the card of a year");
  require(expected.account == account, "a year");
}

/// The posting alone: one person's year from empty to its end, for little and much illness.
void post_copayments_of_a_year(benchmark::State& state) {
  const auto items = year_of_one_person(static_cast<std::uint32_t>(state.range(0)));
  verify_year(items);
  ledger::Account account;
  std::vector<ledger::Event> events;
  std::vector<ledger::Verdict> verdicts;
  for ([[maybe_unused]] auto _ : state) {
    post_year(items, account, events, verdicts);
    benchmark::DoNotOptimize(account);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(post_copayments_of_a_year)->Arg(10)->Arg(100)->Arg(400);

}  // namespace
}  // namespace bench

BENCHMARK_MAIN();
