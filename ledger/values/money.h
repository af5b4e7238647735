#pragma once

#include <compare>
#include <cstdint>

#include "ledger/values/assert.h"

namespace ledger {

/// An amount in øre, the hundredth of a krone. Integer only: there is no floating point on the
/// money path. Sums that do not fit stop the process, they never wrap.
class Money {
 public:
  constexpr Money() = default;
  static constexpr Money from_ore(std::int64_t ore) { return Money(ore); }
  static constexpr Money from_kroner(std::int64_t kroner) { return Money(kroner * 100); }

  constexpr std::int64_t ore() const { return ore_; }
  constexpr bool is_zero() const { return ore_ == 0; }

  friend constexpr Money operator+(Money a, Money b) {
    std::int64_t sum = 0;
    LEDGER_ASSERT(!__builtin_add_overflow(a.ore_, b.ore_, &sum));
    return Money(sum);
  }
  friend constexpr Money operator-(Money a, Money b) {
    std::int64_t difference = 0;
    LEDGER_ASSERT(!__builtin_sub_overflow(a.ore_, b.ore_, &difference));
    return Money(difference);
  }
  constexpr Money operator-() const { return Money() - *this; }
  constexpr Money& operator+=(Money other) { return *this = *this + other; }
  constexpr Money& operator-=(Money other) { return *this = *this - other; }

  friend constexpr auto operator<=>(Money, Money) = default;

 private:
  explicit constexpr Money(std::int64_t ore) : ore_(ore) {}
  std::int64_t ore_ = 0;
};

}  // namespace ledger
