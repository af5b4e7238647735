#include "storage/state/huge_page_allocator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace storage::test {
namespace {

TEST(HugePageAllocator, gives_memory_of_any_size_that_can_be_written) {
  HugePageAllocator<char> allocator;
  constexpr std::size_t page = std::size_t{2} << 20;
  for (const std::size_t size : {std::size_t{1}, page - 1, page, page + 1, 5 * page + 12'345}) {
    char* const memory = allocator.allocate(size);
    std::memset(memory, 1, size);
    EXPECT_EQ(memory[size - 1], 1);
    if (size >= page) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % page, 0U) << size;
    }
    allocator.deallocate(memory, size);
  }
}

}  // namespace
}  // namespace storage::test
