#include "api/cards/qr_svg.h"

#include <gtest/gtest.h>

#include <cstdio>
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

/// Reads what is drawn: nothing but a white ground and black runs. std::regex would need a stack as
/// deep as the text is long.
Picture picture_of(const std::string& svg) {
  Picture picture;
  int read = 0;
  int ground[2] = {};
  std::sscanf(svg.c_str(),
              "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %*d\" "
              "shape-rendering=\"crispEdges\"><rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>"
              "<path fill=\"#000\" d=\"%n",
              &picture.size, &ground[0], &ground[1], &read);
  EXPECT_TRUE(read != 0 && ground[0] == picture.size && ground[1] == picture.size) << svg;
  const char* path = svg.c_str() + read;
  int x = 0;
  int y = 0;
  int width = 0;
  int back = 0;
  for (int step = 0; std::sscanf(path, "M%d %dh%dv1h-%dz%n", &x, &y, &width, &back, &step) == 4;
       path += step) {
    EXPECT_EQ(width, back);
    for (int i = 0; i < width; ++i) EXPECT_TRUE(picture.black.emplace(x + i, y).second);
  }
  EXPECT_STREQ(path, "\"/></svg>") << "nothing else is drawn";
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
