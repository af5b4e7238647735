#include "storage/state/fingerprint_filter.h"

#include <algorithm>

#include "storage/state/huge_page_allocator.h"

namespace storage {
namespace {

/// One key in a thousand that was not added finds its seven bits set by others.
constexpr std::size_t bits_set = 7;
constexpr std::size_t bits_per_key = 16;

/// The high half of the fingerprint is cut into numbers of nine bits, one for each bit of a block.
template <class Use>
void for_each_bit(const ledger::Fingerprint& key, Use&& use) {
  std::uint64_t rest = key.high;
  for (std::size_t i = 0; i < bits_set; ++i, rest >>= 9) {
    use((rest >> 6) & 7, std::uint64_t{1} << (rest & 63));
  }
}

}  // namespace

std::size_t FingerprintFilter::bytes_for(std::uint64_t keys) { return keys * bits_per_key / 8; }

void FingerprintFilter::Unmap::operator()(Block* blocks) const {
  HugePageAllocator<Block>().deallocate(blocks, count);
}

/// By the low half: files are read in the order of the high one, and would fill the beginning of
/// each part only.
FingerprintFilter::Block& FingerprintFilter::block_of(const Part& part,
                                                      const ledger::Fingerprint& key) {
  __extension__ using Wide = unsigned __int128;
  return part[static_cast<std::size_t>((Wide{key.low} * part.get_deleter().count) >> 64)];
}

bool FingerprintFilter::add(const ledger::Fingerprint& key) {
  if (room_ == 0 && !grow()) return false;
  --room_;
  Block& block = block_of(parts_.back(), key);
  for_each_bit(key, [&](std::size_t word, std::uint64_t bit) { block.words[word] |= bit; });
  return true;
}

bool FingerprintFilter::may_contain(const ledger::Fingerprint& key) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    const Block& block = block_of(part, key);
    bool has_all = true;
    for_each_bit(key, [&](std::size_t word, std::uint64_t bit) {
      has_all = has_all && (block.words[word] & bit) != 0;
    });
    return has_all;
  });
}

void FingerprintFilter::prefetch(const ledger::Fingerprint& key) const {
  for (const Part& part : parts_) __builtin_prefetch(&block_of(part, key));
}

bool FingerprintFilter::grow() {
  // Whole pages, which come as zeros.
  constexpr std::size_t page = HugePageAllocator<Block>::page_bytes;
  const std::size_t wanted = (next_bytes_ + page - 1) / page * page;
  const std::size_t bytes = std::min(wanted, bytes_left_ / page * page);
  if (bytes == 0) return false;
  const std::size_t count = bytes / sizeof(Block);
  parts_.push_back(Part(HugePageAllocator<Block>().allocate(count), {count}));
  bytes_left_ -= bytes;
  next_bytes_ = 2 * bytes;
  room_ = bytes * 8 / bits_per_key;
  return true;
}

}  // namespace storage
