#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "storage/ledger_files/ledger_files.h"
#include "tests/storage/ledger_with_writer.h"
#include "tests/storage/temp_folder.h"

// What is said when a ledger does not open.

namespace storage::test {

inline std::string error_of_opening(const std::filesystem::path& folder) {
  return error_of([&] { const LedgerFiles files(options_in(folder)); });
}

inline void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
}

}  // namespace storage::test
