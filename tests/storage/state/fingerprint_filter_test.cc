#include "storage/state/fingerprint_filter.h"

#include <gtest/gtest.h>

#include <random>

namespace storage {
namespace {

using ledger::Fingerprint;

constexpr std::size_t mib = std::size_t{1} << 20;

class Fingerprints {
 public:
  explicit Fingerprints(std::uint64_t seed) : random_(seed) {}
  Fingerprint next() { return {random_(), random_()}; }

 private:
  std::mt19937_64 random_;
};

/// How many of a million that were not added may have been, as the filter says.
std::size_t wrong_in_a_million(const FingerprintFilter& filter, std::uint64_t seed) {
  Fingerprints others(seed);
  std::size_t wrong = 0;
  for (int i = 0; i < 1'000'000; ++i) wrong += filter.may_contain(others.next()) ? 1U : 0U;
  return wrong;
}

TEST(FingerprintFilter, contains_nothing_at_first) {
  const FingerprintFilter filter(64 * mib);
  EXPECT_FALSE(filter.may_contain(Fingerprints(1).next()));
  filter.prefetch(Fingerprints(1).next());
}

TEST(FingerprintFilter, never_denies_what_was_added_while_it_grows) {
  constexpr std::size_t count = 10'000'000;  // into the second part
  FingerprintFilter filter(64 * mib);
  Fingerprints added(2);
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(filter.add(added.next()));
  Fingerprints again(2);
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(filter.may_contain(again.next())) << i;

  EXPECT_LT(wrong_in_a_million(filter, 3), 1'000'000U / 300);
}

// As they come from files.
TEST(FingerprintFilter, is_as_good_for_keys_in_ascending_order) {
  constexpr std::size_t count = 20'000'000;
  for (const std::uint64_t expected : {std::uint64_t{0}, std::uint64_t{count}}) {
    FingerprintFilter filter(128 * mib, expected);
    Fingerprints added(5);
    constexpr std::uint64_t step = ~std::uint64_t{0} / count;
    for (std::size_t i = 0; i < count; ++i) {
      const Fingerprint key = added.next();
      ASSERT_TRUE(filter.add({i * step + key.high % step, key.low}));
    }
    EXPECT_LT(wrong_in_a_million(filter, 6), 1'000'000U / 300)
        << "room for " << expected << " at first";
  }
}

TEST(FingerprintFilter, refuses_when_its_memory_is_used_up) {
  constexpr std::size_t keys_in_two_mib = mib;
  FingerprintFilter filter(3 * mib);  // one part of two
  Fingerprints added(4);
  for (std::size_t i = 0; i < keys_in_two_mib; ++i) ASSERT_TRUE(filter.add(added.next()));
  EXPECT_FALSE(filter.add(added.next()));

  EXPECT_FALSE(FingerprintFilter(2 * mib - 1).add(added.next()));
}

}  // namespace
}  // namespace storage
