#include "ledger/values/hex.h"

#include <gtest/gtest.h>

namespace ledger {
namespace {

TEST(Hex, reads_what_it_wrote_and_nothing_else) {
  const std::string bytes("\x00\x7f\x80\xff", 4);
  EXPECT_EQ(to_hex(bytes), "007f80ff");
  EXPECT_EQ(from_hex("007f80ff"), bytes);
  EXPECT_EQ(from_hex(""), "");
  for (const char* const wrong : {"0", "0g", "0F", "00 ", " 00", "0x00"}) {
    EXPECT_FALSE(from_hex(wrong)) << wrong;
  }
}

TEST(Hex, appends_to_what_is_there) {
  std::string text = "of ";
  append_hex(text, std::array<std::uint8_t, 3>{0x09, 0xa0, 0xfe});
  append_hex(text, {});
  EXPECT_EQ(text, "of 09a0fe");
}

}  // namespace
}  // namespace ledger
