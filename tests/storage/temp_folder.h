#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "ledger/values/assert.h"

namespace storage::test {

/// A folder of its own for each test, removed with everything in it at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "frikort_test_XXXXXX").string();
    LEDGER_ASSERT(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// The text of the exception that `run` throws; empty when it throws none.
template <class Run>
std::string error_of(Run&& run) {
  try {
    run();
  } catch (const std::exception& exception) {
    return exception.what();
  }
  return {};
}

}  // namespace storage::test
