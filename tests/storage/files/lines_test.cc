#include "storage/files/lines.h"

#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "tests/storage/temp_folder.h"

namespace storage::test {
namespace {

class LinesTest : public testing::Test {
 protected:
  void write(const std::string& content) { std::ofstream(file_, std::ios::binary) << content; }

  std::vector<std::string> pieces(std::size_t bytes_max) {
    std::vector<std::string> pieces;
    std::uint64_t offset = 0;
    do {
      pieces.push_back(*read_lines(file_, offset, bytes_max));
      offset += pieces.back().size();
    } while (!pieces.back().empty());
    return pieces;
  }

  TempFolder temp_;
  std::filesystem::path file_ = temp_ / "file";
};

TEST_F(LinesTest, come_whole_and_together_within_the_bound) {
  write("1\n22\n333\n4444\n");
  using Pieces = std::vector<std::string>;
  EXPECT_EQ(pieces(5), (Pieces{"1\n22\n", "333\n", "4444\n", ""}));
  EXPECT_EQ(pieces(9), (Pieces{"1\n22\n333\n", "4444\n", ""}));
  EXPECT_EQ(pieces(100), (Pieces{"1\n22\n333\n4444\n", ""}));
}

TEST_F(LinesTest, come_alone_when_they_are_longer) {
  std::string lengthy(100, 'x');
  lengthy += '\n';
  write("1\n" + lengthy + "3\n");
  for (const std::size_t bytes_max : {2U, 3U, 99U, 101U}) {
    EXPECT_EQ(pieces(bytes_max), (std::vector<std::string>{"1\n", lengthy, "3\n", ""}));
  }
  write("1\n" + std::string(100, 'x'));
  EXPECT_EQ(pieces(10), (std::vector<std::string>{"1\n", std::string(100, 'x'), ""}))
      << "the last one need not end";
}

TEST_F(LinesTest, begin_where_one_begins) {
  write("1\n22\n");
  for (const std::uint64_t offset : {1U, 3U, 4U, 6U, 1'000'000U}) {
    EXPECT_EQ(read_lines(file_, offset, 10), std::nullopt) << offset;
  }
  EXPECT_EQ(read_lines(file_, 2, 10), "22\n");
  EXPECT_EQ(read_lines(file_, 5, 10), "");
  write("");
  EXPECT_EQ(read_lines(file_, 0, 10), "");
  EXPECT_ANY_THROW(static_cast<void>(read_lines(temp_ / "missing", 0, 10)));
}

}  // namespace
}  // namespace storage::test
