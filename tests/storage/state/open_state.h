#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "storage/state/state_families_internal.h"
#include "storage/state/state_reader.h"

namespace storage::test {

/// A stored state opened below the ledger, for damage done on purpose.
class OpenState {
 public:
  explicit OpenState(const std::filesystem::path& folder)
      : database_(folder.string(), state_db_options(), state_families()) {}

  void put(StateFamily family, const std::string& key, const std::string& value) {
    EXPECT_TRUE(database_.db().Put(rocksdb::WriteOptions(), handle(family), key, value).ok());
  }
  void remove(StateFamily family, const std::string& key) {
    EXPECT_TRUE(database_.db().Delete(rocksdb::WriteOptions(), handle(family), key).ok());
  }

 private:
  rocksdb::ColumnFamilyHandle* handle(StateFamily family) {
    return database_.family(index_of(family));
  }
  Database database_;
};

/// The rows of a family as stored.
inline std::vector<std::pair<std::string, std::string>> rows_of(const std::filesystem::path& folder,
                                                                StateFamily family) {
  std::vector<std::pair<std::string, std::string>> found;
  const auto read =
      StateReader(folder).for_each(family, {}, [&](std::string_view key, std::string_view row) {
        found.emplace_back(key, row);
        return ledger::Result<void>(ledger::ok());
      });
  EXPECT_TRUE(read);
  return found;
}

}  // namespace storage::test
