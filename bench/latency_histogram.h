#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace bench {

/// Buckets that widen with the value, as in HdrHistogram. Values below 256 have one each; above,
/// the leading 8 binary digits choose, so that a bucket is at most 1/128 as wide as its values.
struct LatencyBuckets {
  static constexpr unsigned bits = 7;
  static constexpr std::uint64_t value_max = (std::uint64_t{1} << 40) - 1;

  static constexpr std::size_t of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned shift = width > bits + 1 ? width - (bits + 1) : 0;
    return (std::size_t{shift} << bits) + (value >> shift);
  }
  static constexpr std::uint64_t highest_in(std::size_t bucket) {
    if (bucket < std::size_t{2} << bits) return bucket;
    const std::size_t shift = (bucket >> bits) - 1;
    const std::uint64_t leading = bucket - (shift << bits);
    return ((leading + 1) << shift) - 1;
  }
};
static_assert(LatencyBuckets::of(255) == 255 && LatencyBuckets::of(256) == 256);
static_assert(LatencyBuckets::of(257) == 256 && LatencyBuckets::of(258) == 257);
static_assert(LatencyBuckets::highest_in(255) == 255 && LatencyBuckets::highest_in(256) == 257);
static_assert(LatencyBuckets::highest_in(LatencyBuckets::of(1'000'000)) >= 1'000'000);
static_assert(LatencyBuckets::highest_in(LatencyBuckets::of(1'000'000)) < 1'008'000);
static_assert(LatencyBuckets::highest_in(LatencyBuckets::of(LatencyBuckets::value_max)) ==
              LatencyBuckets::value_max);

/// Counts latencies: a percentile is at most 0.8 % above the true value. Nanoseconds up to 2^40
/// (18 minutes); longer counts as that. 35 kB, no allocation.
class LatencyHistogram {
 public:
  void record(std::chrono::nanoseconds latency) {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(0, latency.count()));
    const std::uint64_t value = std::min(ns, LatencyBuckets::value_max);
    ++counts_[LatencyBuckets::of(value)];
    ++count_;
    max_ = std::max(max_, value);
  }

  std::uint64_t count() const { return count_; }
  std::chrono::nanoseconds max() const { return std::chrono::nanoseconds(max_); }

  /// The highest value of the bucket in which the nearest rank lies; 0 when nothing was recorded.
  /// `per_mille` from 1 to 1000.
  std::chrono::nanoseconds percentile(unsigned per_mille) const {
    const std::uint64_t rank = (count_ * per_mille + 999) / 1000;
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size() && rank > 0; ++bucket) {
      seen += counts_[bucket];
      if (seen < rank) continue;
      return std::chrono::nanoseconds(std::min(LatencyBuckets::highest_in(bucket), max_));
    }
    return {};
  }

 private:
  std::array<std::uint64_t, LatencyBuckets::of(LatencyBuckets::value_max) + 1> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace bench
