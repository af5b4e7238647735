#pragma once

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "ledger/values/assert.h"
#include "storage/state/huge_page_allocator.h"

namespace storage {

/// Of each WriteBehind.
inline constexpr std::size_t stripe_count = 16;

/// In place of the stripes' locks where there are no readers.
struct NoReaders {
  void lock() {}
  void unlock() {}
};

/// The newest rows of one family, in memory, before, while and after they are handed over to
/// RocksDB.
///
/// There are four tiers, looked up newest first. `active` takes the writer's changes. freeze()
/// turns it into `frozen`, which does not change while it is written out. thaw_stripe() moves
/// `frozen` into `recent`, the newer of two generations of clean rows. When `recent` has half of
/// the clean rows allowed, it becomes `older`, and the rows of the last `older` are dropped. A row
/// that is in no tier is in RocksDB or does not exist.
///
/// Concurrency: one writer; one thread that hands over; any number of readers. The thread that
/// hands over calls only make_room_for_changes(), and frozen_rows() between freeze() and the first
/// thaw_stripe() after it. Readers call only visit(). Rows are spread over stripes with a lock
/// each. Nobody but the writer changes a tier, so the writer looks rows up without locks.
template <class Key, class Value, class Hash, class Mutex = std::mutex>
class WriteBehind {
 public:
  /// With `clean_rows_max` 0 a row is dropped when it has been handed over. `changes` are expected
  /// before each freeze(). When a quarter of them has come, the table takes room for all at once.
  explicit WriteBehind(std::size_t clean_rows_max, std::size_t changes = 0)
      : generation_rows_max_(clean_rows_max / 2 / stripe_count), changes_(changes / stripe_count) {}

  /// For readers: calls `use(const Value&)` under the stripe's lock; false when no tier has the
  /// row.
  template <class Use>
  bool visit(const Key& key, Use&& use) const {
    const Stripe& stripe = stripe_of(key);
    const std::lock_guard lock(stripe.mutex);
    const Value* const value = find_in(stripe, key);
    if (value == nullptr) return false;
    use(*value);
    return true;
  }

  /// For the writer: the row as it is now, until the writer's next change; null when no tier has
  /// it.
  const Value* find(const Key& key) const { return find_in(stripe_of(key), key); }

  /// Puts a row. True when it was not active before.
  template <class NewValue>
  bool put(const Key& key, NewValue&& value) {
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock(stripe.mutex);
    if (stripe.active.size() == stripe.active.max_load()) grow(stripe);
    return stripe.active.insert_or_assign(key, std::forward<NewValue>(value)).second;
  }

  /// Makes the memory for all changes until the next freeze(), before they come. Any thread may
  /// call it while the writer works. The writer takes this memory instead of growing.
  void make_room_for_changes() {
    const PopulatePages populate;
    for (std::size_t i = 0; i < stripe_count; ++i) {
      Map room;
      room.reserve(room_for_changes());
      const std::lock_guard lock(rooms_mutex_);
      rooms_.push_back(std::move(room));
    }
  }

  /// Calls `change(Value&)` on the active row; one that is in an older tier only is copied up
  /// first. False when no tier has it.
  template <class Change>
  bool update(const Key& key, Change&& change) {
    Stripe& stripe = stripe_of(key);
    auto found = stripe.active.find(key);
    const bool is_active = found != stripe.active.end();
    const Value* const older = is_active ? nullptr : find_in(stripe, key);
    if (!is_active && older == nullptr) return false;
    const std::lock_guard lock(stripe.mutex);
    if (!is_active) found = stripe.active.emplace(key, *older).first;
    change(found->second);
    return true;
  }

  /// Keeps a row that the writer has read from RocksDB because no tier had it.
  void remember(const Key& key, const Value& value) {
    if (generation_rows_max_ == 0) return;
    Stripe& stripe = stripe_of(key);
    const std::lock_guard lock(stripe.mutex);
    drop_older(stripe);
    stripe.recent.emplace(key, value);
  }

  void freeze() {
    for (Stripe& stripe : stripes_) {
      const std::lock_guard lock(stripe.mutex);
      LEDGER_ASSERT(stripe.frozen.empty());
      stripe.frozen.swap(stripe.active);
      if (stripe.active.max_load() < changes_) stripe.active = take_room();
    }
  }

  /// The frozen rows, ascending by key; they stay where they are until they are thawed.
  std::vector<std::pair<Key, const Value*>> frozen_rows() const {
    std::vector<std::pair<Key, const Value*>> rows;
    std::size_t count = 0;
    for (const Stripe& stripe : stripes_) count += stripe.frozen.size();
    rows.reserve(count);
    for (const Stripe& stripe : stripes_) {
      for (const auto& [key, value] : stripe.frozen) rows.emplace_back(key, &value);
    }
    std::sort(rows.begin(), rows.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    return rows;
  }

  /// The frozen rows of one stripe are in RocksDB now. A stripe at a time, so that neither the
  /// writer nor a reader waits long.
  void thaw_stripe(std::size_t index) {
    Stripe& stripe = stripes_[index];
    Map outdated;  // freed outside the lock
    const std::lock_guard lock(stripe.mutex);
    if (generation_rows_max_ != 0) {
      outdated = drop_older(stripe);
      for (auto& [key, value] : stripe.frozen) {
        stripe.recent.insert_or_assign(key, std::move(value));
      }
    }
    stripe.frozen.clear();  // keeps its memory, for the changes after the next freeze()
  }

 private:
  using Map = boost::unordered_flat_map<Key, Value, Hash, std::equal_to<Key>,
                                        HugePageAllocator<std::pair<const Key, Value>>>;
  struct Stripe {
    mutable Mutex mutex;
    Map active;
    Map frozen;
    Map recent;
    Map older;
  };

  static const Value* find_in(const Stripe& stripe, const Key& key) {
    for (const Map* tier : {&stripe.active, &stripe.frozen, &stripe.recent, &stripe.older}) {
      if (const auto found = tier->find(key); found != tier->end()) return &found->second;
    }
    return nullptr;
  }

  std::size_t room_for_changes() const { return changes_ + changes_ / 4; }

  /// Empty, and with memory if any has been made.
  Map take_room() {
    Map room;
    const std::lock_guard lock(rooms_mutex_);
    if (!rooms_.empty()) {
      room = std::move(rooms_.back());
      rooms_.pop_back();
    }
    return room;
  }

  /// The active tier is full. Room for all changes at once: all stripes would otherwise grow at
  /// about the same time, and be rehashed again and again.
  void grow(Stripe& stripe) {
    if (stripe.active.size() >= changes_) return;  // more than expected: by itself
    Map room = take_room();
    if (room.max_load() == 0) {
      if (stripe.active.size() >= changes_ / 4) stripe.active.reserve(room_for_changes());
      return;
    }
    for (auto& [key, value] : stripe.active) room.emplace(key, std::move(value));
    stripe.active.swap(room);
  }

  /// Gives back the generation that has to go, if one has.
  Map drop_older(Stripe& stripe) const {
    Map dropped;
    if (stripe.recent.size() < generation_rows_max_) return dropped;
    dropped.swap(stripe.older);
    stripe.older.swap(stripe.recent);
    return dropped;
  }

  // The maps use other bits of the same hash: the golden ratio spreads them differently.
  std::size_t stripe_index(const Key& key) const {
    return static_cast<std::size_t>(
        (static_cast<std::uint64_t>(Hash{}(key)) * 0x9E3779B97F4A7C15ULL) >> 60);
  }
  Stripe& stripe_of(const Key& key) { return stripes_[stripe_index(key)]; }
  const Stripe& stripe_of(const Key& key) const { return stripes_[stripe_index(key)]; }

  const std::size_t generation_rows_max_;  // of a stripe
  const std::size_t changes_;              // of a stripe
  std::array<Stripe, stripe_count> stripes_;
  std::mutex rooms_mutex_;
  std::vector<Map> rooms_;  // made ahead, not in use yet
};

}  // namespace storage
