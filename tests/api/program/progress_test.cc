#include "api/program/progress.h"

#include <gtest/gtest.h>

namespace api::test {
namespace {

ProgressFigures half() { return {"load", "bytes", 50'000'000, 100'000'000, 10, false}; }

TEST(ProgressBar, fills_the_line_and_no_more) {
  EXPECT_EQ(progress_bar(half(), 79),
            "load [###############...............]  50 % 50.0 MB, 5.0 MB/s, 0:10 left");
  for (std::size_t columns = 1; columns < 200; ++columns) {
    EXPECT_LE(progress_bar(half(), columns).size(), columns);
  }
}

TEST(ProgressBar, shrinks_before_the_figures_do) {
  EXPECT_EQ(progress_bar(half(), 55), "load [######.......]  50 % 50.0 MB, 5.0 MB/s, 0:10 left");
  EXPECT_EQ(progress_bar(half(), 46), "load  50 % 50.0 MB, 5.0 MB/s, 0:10 left");
  EXPECT_EQ(progress_bar(half(), 11), "load  50 % ");
}

TEST(ProgressBar, ends_at_100_percent) {
  ProgressFigures figures{"replay", "positions", 1234, 1234, 2, true};
  EXPECT_EQ(progress_bar(figures, 79),
            "replay [##############################] 100 % 1234 positions, 617/s, 0:02");
  figures.done = figures.total = 0;
  EXPECT_NE(progress_bar(figures, 79).find("100 %"), std::string::npos) << "nothing to do is done";
}

TEST(ProgressBar, shows_no_share_of_an_unknown_total) {
  EXPECT_EQ(progress_bar({"load", "lines", 500, 0, 5, false}, 79), "load 500 lines, 100/s, 0:05");
}

TEST(ProgressBar, shows_bytes_in_units_that_people_read) {
  for (const auto& [bytes, shown] : {std::pair<std::uint64_t, std::string>{999, " 999 B,"},
                                     {1000, " 1.0 kB,"},
                                     {2'500'000'000, " 2.5 GB,"},
                                     {7'000'000'000'000'000, " 7000.0 TB,"}}) {
    EXPECT_NE(progress_bar({"copy", "bytes", bytes, 0, 1, false}, 79).find(shown),
              std::string::npos)
        << bytes;
  }
}

TEST(ProgressLine, is_finished_only_when_it_is) {
  EXPECT_EQ(progress_line(half()),
            R"({"phase":"load","done":50000000,"total":100000000,"unit":"bytes",)"
            R"("perSecond":5000000,"secondsLeft":10,"finished":false})");
}

}  // namespace
}  // namespace api::test
