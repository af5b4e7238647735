#include "storage/bytes/byte_codec.h"

#include <gtest/gtest.h>

#include <limits>

namespace storage::test {
namespace {

TEST(ByteCodec, reads_what_it_wrote_at_every_limit) {
  const std::int64_t limits[] = {0,
                                 1,
                                 -1,
                                 63,
                                 64,
                                 -64,
                                 -65,
                                 8191,
                                 8192,
                                 std::numeric_limits<std::int64_t>::max(),
                                 std::numeric_limits<std::int64_t>::min()};
  for (const std::int64_t limit : limits) {
    std::string bytes;
    ByteWriter out(bytes);
    out.zigzag(limit);
    out.varint(static_cast<std::uint64_t>(limit));
    out.u32(static_cast<std::uint32_t>(limit));
    out.u64(static_cast<std::uint64_t>(limit));
    ByteReader in(bytes);
    EXPECT_EQ(in.zigzag(), limit);
    EXPECT_EQ(in.varint(), static_cast<std::uint64_t>(limit));
    EXPECT_EQ(in.u32(), static_cast<std::uint32_t>(limit));
    EXPECT_EQ(in.u64(), static_cast<std::uint64_t>(limit));
    EXPECT_TRUE(in.is_complete());
  }
}

TEST(ByteCodec, reads_zeros_after_the_end_and_says_so) {
  ByteReader in(
      std::string_view("\x05"
                       "ab",
                       3));
  EXPECT_EQ(in.text(), "");
  EXPECT_FALSE(in.is_ok());
  EXPECT_EQ(in.u64(), 0U);
  EXPECT_EQ(in.raw<4>(), (std::array<std::uint8_t, 4>{}));
  EXPECT_FALSE(in.is_complete());
}

TEST(ByteCodec, refuses_a_number_that_never_ends) {
  ByteReader in(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12));
  EXPECT_EQ(in.varint(), 0U);
  EXPECT_FALSE(in.is_ok());
}

TEST(ByteCodec, refuses_a_number_that_is_written_longer_than_it_has_to_be) {
  for (const std::string_view padded :
       {std::string_view("\x80\x00", 2), std::string_view("\xff\x80\x00", 3),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10)}) {
    ByteReader in(padded);
    EXPECT_EQ(in.varint(), 0U);
    EXPECT_FALSE(in.is_ok());
  }
}

TEST(ByteCodec, refuses_a_number_that_does_not_fit_into_its_type) {
  std::string bytes;
  ByteWriter out(bytes);
  out.varint(std::numeric_limits<std::int32_t>::max());
  out.varint(std::uint64_t{1} << 31);
  ByteReader in(bytes);
  EXPECT_EQ(in.varint<std::int32_t>(), std::numeric_limits<std::int32_t>::max());
  EXPECT_TRUE(in.is_ok());
  EXPECT_EQ(in.varint<std::int32_t>(), 0);
  EXPECT_FALSE(in.is_ok());
}

}  // namespace
}  // namespace storage::test
