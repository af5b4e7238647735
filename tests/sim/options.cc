#include "tests/sim/options.h"

#include <algorithm>
#include <initializer_list>
#include <span>
#include <sstream>
#include <string_view>

#include "ledger/values/oslo_time.h"

namespace sim {
namespace {

using ledger::test::Prng;

constexpr std::string_view kind_names[] = {
    "copayment", "unpaid",           "zero_amount", "exempt",   "exempt_by_card", "payment",
    "credit",    "unknown_original", "resend",      "conflict", "invalid"};
static_assert(std::size(kind_names) == kind_count);

constexpr std::string_view timing_names[] = {"plain", "new_year", "clock_change", "deadline",
                                             "future"};
static_assert(std::size(timing_names) == timing_count);

constexpr std::string_view registry_names[] = {
    "birth_date", "merged",         "number_changed", "died",           "opted_out",    "opted_in",
    "pension",    "practice_event", "event_resend",   "event_conflict", "event_invalid"};
static_assert(std::size(registry_names) == registry_kind_count);

constexpr std::int64_t day_seconds = 86'400;

/// One of the values, evenly.
std::uint64_t one_of(Prng& prng, std::initializer_list<std::uint64_t> values) {
  return values.begin()[prng.below(values.size())];
}

void append_weights(std::ostringstream& out, std::span<const std::string_view> names,
                    std::span<const std::uint64_t> weights) {
  for (std::size_t i = 0; i < names.size(); ++i) out << ' ' << names[i] << '=' << weights[i];
}

}  // namespace

Options Options::of_seed(std::uint64_t seed) {
  Prng prng(seed);
  Options options;
  options.seed = seed;
  options.items = one_of(prng, {300, 1'000, 2'000, 5'000});

  options.clients = 1 + prng.below(12);
  options.practices = 1 + prng.below(options.clients);
  options.persons = one_of(prng, {5, 100, 1'000, 20'000});
  // From a few items for a hot person, so that credit notes bring it below the ceiling again, to
  // hundreds, so that refunds are many.
  options.hot_persons = 1 + options.items / one_of(prng, {10, 30, 200});
  options.hot_percent = one_of(prng, {0, 20, 50, 80});
  options.operator_percent = one_of(prng, {0, 20, 100});
  options.request_items_max = one_of(prng, {1, 5, 40, 200});
  options.atomic_percent = one_of(prng, {0, 0, 10, 50});
  for (std::uint64_t& weight : options.kinds) weight = prng.chance(1, 3) ? 0 : 1 + prng.below(10);
  options.kinds[static_cast<std::size_t>(Kind::copayment)] += 5 + prng.below(20);
  for (std::uint64_t& weight : options.timings) weight = prng.chance(1, 3) ? 0 : 1 + prng.below(5);
  options.timings[static_cast<std::size_t>(Timing::plain)] += 1 + prng.below(20);

  const ledger::Date first = std::chrono::year{2021} / 1 / 1;
  options.start_seconds = first.time_since_epoch().count() * day_seconds +
                          static_cast<std::int64_t>(prng.below(4 * 365 * day_seconds));
  options.span_days = one_of(prng, {1, 60, 400, 1'000});
  options.ceiling_divisor = one_of(prng, {1, 1, 10, 1'000});
  options.gap_year = static_cast<int>(2021 + prng.below(12));
  options.new_rules_per_mille = one_of(prng, {0, 200});

  options.send_percent = one_of(prng, {20, 50, 80});
  options.commit_percent = one_of(prng, {10, 50, 90});
  options.group_items_max = one_of(prng, {1, 20, 300, 4'096});
  options.built_groups_max = 1 + prng.below(3);
  options.snapshot_per_mille = one_of(prng, {0, 5, 20});

  const auto fault = [&prng](std::uint64_t per_mille) {
    return prng.chance(1, 2) ? 0 : 1 + prng.below(per_mille);
  };
  options.crash_per_mille = fault(3);
  options.append_lost_per_mille = fault(6);
  options.answer_lost_per_mille = fault(6);
  options.failed_read_per_mille = fault(6);
  options.unheard_per_mille = fault(50);
  options.sent_twice_per_mille = fault(50);
  options.clock_back_per_mille = fault(20);

  options.edge_percent = one_of(prng, {0, 2, 25});
  options.large_request_percent = one_of(prng, {0, 0, 1});
  options.draw_registries(prng);
  return options;
}

void Options::draw_registries(Prng& prng) {
  registry_percent = one_of(prng, {3, 15, 0, 40});
  for (std::uint64_t& weight : registry_kinds) weight = prng.chance(1, 3) ? 0 : 1 + prng.below(10);
  registry_kinds[static_cast<std::size_t>(RegistryKind::birth_date)] += 1;
  child_percent = one_of(prng, {0, 50, 100});
  are_practices_required = prng.chance(1, 4);
  if (registry_percent == 0) return;
  // The reference takes the square of what there is about one person.
  items = std::min<std::uint64_t>(items, 1'000);
  // Else nothing would ever be accepted.
  if (are_practices_required) registry_kinds[static_cast<std::size_t>(RegistryKind::practice)] += 5;
}

std::string Options::text() const {
  std::ostringstream out;
  out << "seed=" << seed << " items=" << items << " clients=" << clients
      << " practices=" << practices << " persons=" << persons << " hot_persons=" << hot_persons
      << " hot_percent=" << hot_percent << " operator_percent=" << operator_percent
      << " request_items_max=" << request_items_max << " atomic_percent=" << atomic_percent;
  append_weights(out, kind_names, kinds);
  append_weights(out, timing_names, timings);
  out << " start_seconds=" << start_seconds << " span_days=" << span_days
      << " ceiling_divisor=" << ceiling_divisor << " gap_year=" << gap_year
      << " new_rules_per_mille=" << new_rules_per_mille << " send_percent=" << send_percent
      << " commit_percent=" << commit_percent << " group_items_max=" << group_items_max
      << " built_groups_max=" << built_groups_max << " snapshot_per_mille=" << snapshot_per_mille
      << " crash_per_mille=" << crash_per_mille
      << " append_lost_per_mille=" << append_lost_per_mille
      << " answer_lost_per_mille=" << answer_lost_per_mille
      << " failed_read_per_mille=" << failed_read_per_mille
      << " unheard_per_mille=" << unheard_per_mille
      << " sent_twice_per_mille=" << sent_twice_per_mille
      << " clock_back_per_mille=" << clock_back_per_mille << " edge_percent=" << edge_percent
      << " large_request_percent=" << large_request_percent
      << " registry_percent=" << registry_percent;
  append_weights(out, registry_names, registry_kinds);
  out << " child_percent=" << child_percent << " are_practices_required=" << are_practices_required;
  return out.str();
}

std::map<int, ledger::AnnualCeiling> Options::ceilings(bool has_gap_year) const {
  auto ceilings = ledger::RulePack::published_ceilings();
  if (edge_percent != 0) {
    const auto of_2021 = ceilings.at(2021);
    for (const ledger::Date day : {ledger::first_day, ledger::last_day}) {
      ceilings.emplace(ledger::year_of(day), of_2021);
    }
  }
  if (!has_gap_year) ceilings.erase(gap_year);
  for (auto& [year, ceiling] : ceilings) {
    ceiling.amount =
        ledger::Money::from_ore(ceiling.amount.ore() / static_cast<std::int64_t>(ceiling_divisor));
  }
  return ceilings;
}

}  // namespace sim
