#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "storage/files/output_file.h"

namespace storage {

/// Files for one pass over more data than fits into memory. The pass puts records aside, one file a
/// partition. Each partition is then small enough to be read whole. The files are not kept: the
/// program that wrote them reads them.
template <class Record>
class Spill {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  /// The files are `folder/name.0` and so on; none exists until something is put aside.
  Spill(std::filesystem::path folder, std::string name, std::size_t partitions)
      : folder_(std::move(folder)), name_(std::move(name)), waiting_(partitions) {}

  /// Throws std::runtime_error when the disk does not take it.
  void add(std::size_t partition, const Record& record) {
    std::vector<Record>& waiting = waiting_[partition];
    waiting.push_back(record);
    if (waiting.size() >= records_waiting_max) flush(partition);
  }

  /// Everything has been added.
  void finish() {
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      flush(i);
      waiting_[i].shrink_to_fit();
    }
  }

  std::size_t partitions() const { return waiting_.size(); }

  /// The sizes of the files in bytes, after finish(): where continue_at() can go back to.
  std::vector<std::uint64_t> sizes() const {
    std::vector<std::uint64_t> sizes;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const bool exists = std::filesystem::exists(path_of(i));
      sizes.push_back(exists ? std::filesystem::file_size(path_of(i)) : 0);
    }
    return sizes;
  }

  /// Forgets what was added behind these sizes. False when a file is shorter.
  bool continue_at(const std::vector<std::uint64_t>& sizes) {
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      if (!std::filesystem::exists(path_of(i))) {
        if (sizes[i] != 0) return false;
        continue;
      }
      if (std::filesystem::file_size(path_of(i)) < sizes[i]) return false;
      std::filesystem::resize_file(path_of(i), sizes[i]);
    }
    return true;
  }

  /// The records of a partition in the order in which they were added.
  std::vector<Record> read(std::size_t partition) const {
    const std::filesystem::path path = path_of(partition);
    if (!std::filesystem::exists(path)) return {};
    std::vector<Record> records(std::filesystem::file_size(path) / sizeof(Record));
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char*>(records.data()),
              static_cast<std::streamsize>(records.size() * sizeof(Record)));
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return records;
  }

  void remove(std::size_t partition) { std::filesystem::remove(path_of(partition)); }

 private:
  static constexpr std::size_t records_waiting_max =
      std::max<std::size_t>(1, (64U << 10) / sizeof(Record));

  std::filesystem::path path_of(std::size_t partition) const {
    return folder_ / (name_ + "." + std::to_string(partition));
  }

  // Opened for each flush: hundreds of partitions need no file descriptors.
  void flush(std::size_t partition) {
    std::vector<Record>& waiting = waiting_[partition];
    if (waiting.empty()) return;
    OutputFile file(path_of(partition));
    file.write({reinterpret_cast<const char*>(waiting.data()), waiting.size() * sizeof(Record)});
    file.flush();
    waiting.clear();
  }

  std::filesystem::path folder_;
  std::string name_;
  std::vector<std::vector<Record>> waiting_;
};

}  // namespace storage
