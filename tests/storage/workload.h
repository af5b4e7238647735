#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/builders.h"
#include "tests/support/prng.h"

namespace storage::test {

/// An endless stream of items with everything in it: new co-payments of a few persons who often
/// cross the ceiling, payments, credit notes, resends, changed resends, and items that no rule
/// lets through. The same seed gives the same stream.
class Workload {
 public:
  explicit Workload(std::uint64_t seed, std::uint32_t persons = 12)
      : prng_(seed), persons_(persons) {}

  ledger::Item next() {
    const std::uint64_t kind = sent_.empty() ? 0 : prng_.below(100);
    if (kind < 55) return copayment();
    const ledger::test::ItemBuilder& earlier = sent_[pick_earlier()];
    const ledger::Item original = earlier;
    const auto later = original.received + std::chrono::hours{1 + prng_.below(400)};
    if (kind < 70) return refer(ledger::test::a_payment(), original, later);
    if (kind < 80) return refer(ledger::test::a_credit_note(), original, later);
    if (kind < 92) return original;
    if (kind < 95) return ledger::test::ItemBuilder(earlier).of_ore(1 + original.amount.ore());
    if (kind < 97) {
      const ledger::Instant receipts[] = {original.received, ledger::first_instant,
                                          ledger::last_instant};
      return ledger::test::a_payment()
          .guid(4'000'000'000U)
          .by(next_guid_ % 2 == 0 ? "77" : "00000000000000000077")
          .received_at(receipts[next_guid_ % 3]);
    }
    if (kind < 99) return ledger::test::ItemBuilder(earlier).guid(next_guid_++).exempt_for('F');
    static constexpr const char* times[] = {"2012-05-05T12:00:00+02:00",
                                            "0000-01-01T00:00:00+23:59",
                                            "9999-12-31T23:59:59.999999999-23:59"};
    const char* const time = times[next_guid_ % 3];
    return ledger::test::ItemBuilder(earlier).guid(next_guid_++).on(time);
  }

  std::vector<ledger::Item> take(std::size_t count) {
    std::vector<ledger::Item> items;
    for (std::size_t i = 0; i < count; ++i) items.push_back(next());
    return items;
  }

 private:
  ledger::Item copayment() {
    const ledger::Instant service = ledger::test::instant("2024-11-20T08:00:00+01:00") +
                                    std::chrono::minutes{prng_.below(60 * 24 * 90)};
    ledger::test::ItemBuilder item = ledger::test::a_copayment();
    item.guid(next_guid_++)
        .by(std::to_string(1000 + prng_.below(12)))
        .of_person(static_cast<std::uint32_t>(1 + prng_.below(persons_)))
        .of_ore(prng_.chance(1, 8) ? 0 : static_cast<std::int64_t>(1 + prng_.below(60'000)))
        .paid(!prng_.chance(1, 5))
        .on(service)
        .received_at(service + std::chrono::hours{prng_.below(24 * 50)});
    sent_.push_back(item);
    return item;
  }

  static ledger::Item refer(ledger::test::ItemBuilder item, const ledger::Item& original,
                            ledger::Instant received) {
    return item.guid(ledger::test::number_of(original.guid))
        .by(original.practice.view())
        .received_at(received);
  }

  /// Mostly a recent one.
  std::size_t pick_earlier() {
    const std::size_t back =
        prng_.chance(3, 4) ? std::min<std::size_t>(sent_.size(), 60) : sent_.size();
    return sent_.size() - 1 - prng_.below(back);
  }

  ledger::test::Prng prng_;
  std::uint32_t persons_;
  std::uint32_t next_guid_ = 1;
  std::vector<ledger::test::ItemBuilder> sent_;
};

}  // namespace storage::test
