#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>

namespace storage {

/// While an object of this class lives, huge pages that its thread allocates get their memory at
/// once, instead of when they are touched. A virtual machine may have to get the memory from its
/// host, which takes milliseconds a page. The thread that allocates ahead waits for that, and the
/// writer does not.
class PopulatePages {
 public:
  PopulatePages() { is_wanted = true; }
  ~PopulatePages() { is_wanted = false; }
  PopulatePages(const PopulatePages&) = delete;
  PopulatePages& operator=(const PopulatePages&) = delete;

  static inline thread_local bool is_wanted = false;
};

/// Memory for tables that are read at random: large ones in huge pages, where the system has them.
/// With small pages a cache miss comes with one or two more for the page table. Large tables also
/// go back to the system when they are freed.
template <class T>
struct HugePageAllocator {
  using value_type = T;
  /// From so much on, memory comes from the system: as zeros, and when it is touched.
  static constexpr std::size_t page_bytes = std::size_t{2} << 20;

  HugePageAllocator() = default;
  template <class U>
  explicit HugePageAllocator(const HugePageAllocator<U>&) {}

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < page_bytes) return static_cast<T*>(::operator new(bytes));
    // One page more than needed: what lies before and after the aligned part is given back.
    const std::size_t wanted = round_up(bytes);
    void* const mapped = mmap(nullptr, wanted + page_bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    char* const begin = static_cast<char*>(mapped);
    const std::size_t before =
        round_up(reinterpret_cast<std::uintptr_t>(begin)) - reinterpret_cast<std::uintptr_t>(begin);
    if (before != 0) munmap(begin, before);
    if (before != page_bytes) munmap(begin + before + wanted, page_bytes - before);
    // Hints: without them small pages do, when they are touched.
    madvise(begin + before, wanted, MADV_HUGEPAGE);
    if (PopulatePages::is_wanted) madvise(begin + before, wanted, MADV_POPULATE_WRITE);
    return reinterpret_cast<T*>(begin + before);
  }
  void deallocate(T* memory, std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < page_bytes) {
      ::operator delete(memory);
    } else {
      munmap(memory, round_up(bytes));
    }
  }
  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }

 private:
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  static constexpr std::size_t round_up(std::size_t value) {
    return (value + page_bytes - 1) / page_bytes * page_bytes;
  }
};

}  // namespace storage
