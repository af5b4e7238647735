#include "storage/rocksdb/torn_log.h"

#include <rocksdb/env.h>

#include <memory>
#include <stdexcept>

#include "storage/files/files.h"
#include "storage/files/torn_write.h"

namespace storage {
namespace {

/// The log that was written last; the power went while there was an empty one behind it, or none.
std::filesystem::path newest_log(const std::filesystem::path& folder) {
  std::filesystem::path newest;
  std::uint64_t newest_number = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".log" || file.file_size() == 0) continue;
    const std::uint64_t number = std::stoull(file.path().stem().string());
    if (number > newest_number) {
      newest_number = number;
      newest = file.path();
    }
  }
  return newest;
}

}  // namespace

std::optional<TornLog> find_torn_log(const std::filesystem::path& folder) {
  const std::filesystem::path log = newest_log(folder);
  if (log.empty()) return std::nullopt;
  const auto from = torn_from(read_file(log));
  if (!from) return std::nullopt;
  return TornLog{log, *from};
}

void cut(const TornLog& torn, rocksdb::Env* given) {
  rocksdb::Env& env = given == nullptr ? *rocksdb::Env::Default() : *given;
  std::unique_ptr<rocksdb::WritableFile> file;
  rocksdb::Status status = env.ReopenWritableFile(torn.log.string(), &file, rocksdb::EnvOptions());
  if (status.ok()) status = file->Truncate(torn.from);
  if (status.ok()) status = file->Sync();
  if (!status.ok()) {
    throw std::runtime_error("cannot cut " + torn.log.string() + ": " + status.ToString());
  }
}

}  // namespace storage
