#pragma once

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "ledger/assert.h"

namespace storage {

/// The newest rows of one family, in memory, before and while they are handed over to RocksDB.
///
/// Three tiers, looked up newest first: `active` takes the writer's changes; freeze() turns it into
/// `frozen`, which does not change while it is written out; thaw() makes that the `clean` tier, a
/// cache of what was handed over last (or drops it). A row that is in no tier is in RocksDB or does
/// not exist.
///
/// Concurrency: one writer (put, update, freeze), one thread that hands over (frozen_rows, thaw),
/// any number of readers (visit). Rows are spread over stripes with a lock each, held for one
/// lookup.
template <class Key, class Value, class Hash>
class WriteBehind {
 public:
  using Map = boost::unordered_flat_map<Key, Value, Hash>;

  /// Calls `use(const Value&)` under the stripe's lock; false when no tier has the row.
  template <class Use>
  bool visit(const Key& key, Use&& use) const {
    const Stripe& stripe = stripe_of(key);
    const std::lock_guard lock(stripe.mutex);
    for (const Map* tier : {&stripe.active, &stripe.frozen, &stripe.clean}) {
      if (const auto found = tier->find(key); found != tier->end()) {
        use(found->second);
        return true;
      }
    }
    return false;
  }

  /// Whether the row was not active before.
  template <class NewValue>
  bool put(const Key& key, NewValue&& value) {
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock(stripe.mutex);
    return stripe.active.insert_or_assign(key, std::forward<NewValue>(value)).second;
  }

  /// Calls `change(Value&)` on the active row; one that is in an older tier only is copied up
  /// first. False when no tier has it.
  template <class Change>
  bool update(const Key& key, Change&& change) {
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock(stripe.mutex);
    auto found = stripe.active.find(key);
    if (found == stripe.active.end()) {
      const Value* older = nullptr;
      for (const Map* tier : {&stripe.frozen, &stripe.clean}) {
        if (const auto row = tier->find(key); row != tier->end()) {
          older = &row->second;
          break;
        }
      }
      if (older == nullptr) return false;
      found = stripe.active.emplace(key, *older).first;
    }
    change(found->second);
    return true;
  }

  void freeze() {
    for (Stripe& stripe : stripes_) {
      const std::lock_guard lock(stripe.mutex);
      LEDGER_ASSERT(stripe.frozen.empty());
      stripe.frozen.swap(stripe.active);
    }
  }

  /// The frozen rows, ascending by key; they stay where they are until thaw().
  std::vector<std::pair<Key, const Value*>> frozen_rows() const {
    std::vector<std::pair<Key, const Value*>> rows;
    for (const Stripe& stripe : stripes_) {
      for (const auto& [key, value] : stripe.frozen) rows.emplace_back(key, &value);
    }
    std::sort(rows.begin(), rows.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    return rows;
  }

  void thaw(bool keep_clean) {
    for (Stripe& stripe : stripes_) {
      Map dropped;  // both freed outside the lock
      Map outdated;
      {
        const std::lock_guard lock(stripe.mutex);
        outdated.swap(stripe.clean);
        (keep_clean ? stripe.clean : dropped).swap(stripe.frozen);
      }
    }
  }

 private:
  struct Stripe {
    mutable std::mutex mutex;
    Map active;
    Map frozen;
    Map clean;
  };
  static constexpr std::size_t stripe_count = 64;

  // The maps use other bits of the same hash: the golden ratio spreads them differently.
  std::size_t stripe_index(const Key& key) const {
    return static_cast<std::size_t>(
        (static_cast<std::uint64_t>(Hash{}(key)) * 0x9E3779B97F4A7C15ULL) >> 58);
  }
  Stripe& stripe_of(const Key& key) { return stripes_[stripe_index(key)]; }
  const Stripe& stripe_of(const Key& key) const { return stripes_[stripe_index(key)]; }

  std::array<Stripe, stripe_count> stripes_;
};

}  // namespace storage
