#include "ingest/generator/generator_queue.h"

#include <algorithm>

namespace ingest {

std::uint32_t PendingQueue::new_block(std::uint32_t previous) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(blocks_.size()));
    blocks_.push_back(std::make_unique<Block>());
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  blocks_[index]->previous = previous;
  blocks_[index]->size = 0;
  return index;
}

void PendingQueue::push(std::size_t day, const PendingLine& line) {
  std::uint32_t& last = last_block_[day];
  if (last == none || blocks_[last]->size == blocks_[last]->lines.size()) last = new_block(last);
  Block& block = *blocks_[last];
  block.lines[block.size++] = line;
}

void PendingQueue::take(std::size_t day, std::vector<PendingLine>& out) {
  out.clear();
  std::vector<std::uint32_t> chain;
  for (std::uint32_t i = last_block_[day]; i != none; i = blocks_[i]->previous) chain.push_back(i);
  std::reverse(chain.begin(), chain.end());
  for (const std::uint32_t i : chain) {
    const Block& block = *blocks_[i];
    out.insert(out.end(), block.lines.begin(), block.lines.begin() + block.size);
    free_.push_back(i);
  }
  last_block_[day] = none;
}

}  // namespace ingest
