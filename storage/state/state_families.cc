#include "storage/state/state_families_internal.h"

#include <rocksdb/cache.h>

#include <memory>
#include <string>

namespace storage {
namespace {

constexpr std::size_t cache_bytes = std::size_t{256} << 20;

/// Every database has a family of the name that RocksDB gives it: the state's totals are in there.
std::string stored_name(const StateFamilyTraits& traits) {
  if (traits.family == StateFamily::meta) return rocksdb::kDefaultColumnFamilyName;
  return std::string(traits.name);
}

}  // namespace

std::vector<DatabaseFamily> state_families() {
  // Of one opening: another must see what the files hold by then, not what this one has read.
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(cache_bytes);
  std::vector<DatabaseFamily> families;
  for (const StateFamilyTraits& traits : state_family_table) {
    const bool is_random = traits.bytes == StateFamilyTraits::Bytes::random;
    families.push_back(
        {stored_name(traits),
         state_family_options(cache, traits.asked == StateFamilyTraits::Asked::also_what_is_not,
                              is_random ? rocksdb::kNoCompression : rocksdb::kLZ4Compression)});
  }
  return families;
}

}  // namespace storage
