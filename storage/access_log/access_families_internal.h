#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/rocksdb/rocksdb_internal.h"

// The families of the access log's database; included by .cc files only.
namespace storage {

inline constexpr std::size_t access_block_family = 0;
inline constexpr std::size_t access_index_family = 1;

std::vector<DatabaseFamily> access_log_families(std::size_t write_buffer_bytes);

/// The key of the block whose first record has this sequence.
std::string access_block_key(std::uint64_t first);

}  // namespace storage
