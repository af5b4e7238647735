#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace rocksdb {
class Env;
}

namespace storage {

/// The end of the log of writes of a closed database, where a power cut tore the last write.
struct TornLog {
  std::filesystem::path log;
  std::uint64_t from = 0;
};

/// Nothing when the newest log is whole, or is damaged in another way: see torn_from(). Throws
/// std::runtime_error.
std::optional<TornLog> find_torn_log(const std::filesystem::path& folder);

/// Cuts it off. Null = the file system of the machine. Throws std::runtime_error.
void cut(const TornLog& torn, rocksdb::Env* env);

}  // namespace storage
