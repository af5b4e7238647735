#include "storage/backup/backup_manifest.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/storage/temp_folder.h"
#include "tests/support/builders.h"

namespace storage::test {
namespace {

TEST(BackupManifest, is_read_as_it_was_written) {
  BackupManifest manifest;
  manifest.number = 7;
  manifest.time = ledger::test::instant("2026-07-01T02:00:00.25+02:00");
  manifest.key_id = "baedd6a5bce8a03e";
  manifest.position = ledger::Position{18'446'744'073'709'551'615U};
  manifest.checksum = "c0ffee";
  manifest.root = "ab";
  manifest.bytes = 9'000'000'000'000'000'000U;
  manifest.new_bytes = 5;
  manifest.milliseconds = 6;
  manifest.has_private_keys = true;
  manifest.verification = BackupManifest::Verification::failed;
  manifest.reason = "a \"quoted\" reason, ø";
  manifest.findings = {"one", "another, \"quoted\""};
  manifest.journal_backup = 8;
  manifest.state_backup = 9;
  const std::string json = manifest.to_json();
  EXPECT_EQ(BackupManifest::parse(json).to_json(), json);
  EXPECT_EQ(BackupManifest::parse(json).reason, manifest.reason);
  EXPECT_EQ(BackupManifest::parse(json).findings, manifest.findings);
  EXPECT_EQ(BackupManifest::parse(json).position, manifest.position);
  for (const char* const wrong : {"", "{}", "[1]", "nonsense", R"({"format":2})"}) {
    EXPECT_NE(error_of([&] { BackupManifest::parse(wrong); }), "") << wrong;
  }
}

}  // namespace
}  // namespace storage::test
