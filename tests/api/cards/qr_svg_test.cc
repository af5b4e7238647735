#include "api/cards/qr_svg.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <stdexcept>

namespace api::test {
namespace {

using Module = std::pair<int, int>;

/// A picture as the test reads it: its size in modules, and which of them are black.
struct Picture {
  int size = 0;
  std::set<Module> black;

  bool is_black(int x, int y) const { return black.contains({x, y}); }
};

Picture picture_of(const std::string& svg) {
  Picture picture;
  std::smatch head;
  const std::regex shape(
      R"re(<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 (\d+) \1" shape-rendering="crispEdges">)re"
      R"re(<rect width="\1" height="\1" fill="#fff"/><path fill="#000" d="([Mhvz0-9 -]*)"/></svg>)re");
  if (!std::regex_match(svg, head, shape)) return picture;
  picture.size = std::stoi(head[1]);
  const std::string path = head[2];
  const std::regex run(R"(M(\d+) (\d+)h(\d+)v1h-\3z)");
  std::size_t read = 0;
  for (std::sregex_iterator at(path.begin(), path.end(), run), end; at != end; ++at) {
    read += static_cast<std::size_t>(at->length());
    const int x = std::stoi((*at)[1]);
    for (int i = 0; i < std::stoi((*at)[3]); ++i) {
      EXPECT_TRUE(picture.black.emplace(x + i, std::stoi((*at)[2])).second);
    }
  }
  EXPECT_EQ(read, path.size()) << "nothing else is drawn";
  return picture;
}

/// The three marks by which readers find a code, and nothing black around them.
void expect_finder(const Picture& picture, int left, int top) {
  for (int y = -1; y < 8; ++y) {
    for (int x = -1; x < 8; ++x) {
      const int ring = std::max(std::abs(x - 3), std::abs(y - 3));
      EXPECT_EQ(picture.is_black(left + x, top + y), ring == 3 || ring <= 1) << x << ' ' << y;
    }
  }
}

TEST(QrSvg, has_a_quiet_zone_of_four_modules_on_white) {
  const Picture picture = picture_of(qr_svg(std::string(480, 'x')));
  ASSERT_GT(picture.size, 0);
  EXPECT_EQ((picture.size - 8 - 17) % 4, 0) << "no size of a code";
  for (const auto& [x, y] : picture.black) {
    EXPECT_TRUE(x >= 4 && y >= 4 && x < picture.size - 4 && y < picture.size - 4) << x << ' ' << y;
  }
  expect_finder(picture, 4, 4);
  expect_finder(picture, picture.size - 4 - 7, 4);
  expect_finder(picture, 4, picture.size - 4 - 7);
}

TEST(QrSvg, grows_with_the_text_up_to_what_a_code_holds) {
  EXPECT_EQ(picture_of(qr_svg("x")).size, 21 + 8);
  EXPECT_EQ(picture_of(qr_svg(std::string(2953, 'x'))).size, 177 + 8);
  EXPECT_THROW(qr_svg(std::string(2954, 'x')), std::runtime_error);
  EXPECT_THROW(qr_svg(""), std::runtime_error);
}

}  // namespace
}  // namespace api::test
