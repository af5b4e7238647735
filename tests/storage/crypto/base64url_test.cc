#include "storage/crypto/base64url.h"

#include <gtest/gtest.h>

#include <vector>

namespace storage {
namespace {

std::string encoded(std::string_view bytes) {
  return to_base64url({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

TEST(Base64url, gives_the_published_values) {
  // RFC 4648, section 10, without the padding.
  for (const auto& [bytes, text] : {std::pair{"", ""},
                                    {"f", "Zg"},
                                    {"fo", "Zm8"},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg"},
                                    {"fooba", "Zm9vYmE"},
                                    {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(encoded(bytes), text);
    EXPECT_EQ(from_base64url(text), bytes);
  }
  // RFC 7515, appendix C: the two letters that differ from base64.
  EXPECT_EQ(encoded("\x03\xec\xff\xe0\xc1"), "A-z_4ME");
  EXPECT_EQ(from_base64url("A-z_4ME"), "\x03\xec\xff\xe0\xc1");
}

TEST(Base64url, reads_what_it_wrote) {
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    EXPECT_EQ(from_base64url(encoded(bytes)), bytes) << size;
    bytes += static_cast<char>(size * 7);
  }
}

TEST(Base64url, refuses_what_it_would_not_write) {
  for (const std::string_view wrong :
       {"A", "Zg=", "Zg==", "Zm8=", "Zm9v=", "=", "Zg ", " Zg", "Z g", "Zg\n", "+/+/", "Zm9/",
        "Zm9+", "Zm9.", "Zm9vY", "Z\xc3\xa6", "Zm.9"}) {
    EXPECT_FALSE(from_base64url(wrong)) << wrong;
  }
  EXPECT_FALSE(from_base64url(std::string_view("Zm9\0", 4)));
}

TEST(Base64url, refuses_bits_that_are_left_over) {
  for (const char* const wrong : {"Zh", "Zk", "Zv", "Zm9", "Zm-"}) {
    EXPECT_FALSE(from_base64url(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace storage
