#include "api/http/gzip_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace api::test {
namespace {

std::string packed(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct Unpacked {
  std::string text;
  bool is_complete = false;
  GzipDecoder::Fault fault = GzipDecoder::Fault::none;
};

/// As it would come in pieces of `piece` bytes, into a buffer of `room` bytes.
Unpacked unpack(std::string_view bytes, std::size_t piece = 1000, std::size_t room = 4096) {
  GzipDecoder decoder;
  Unpacked unpacked;
  std::string out(room, '\0');
  for (;;) {
    const std::size_t got = decoder.take(out.data(), room);
    unpacked.text.append(out, 0, got);
    if (got != 0) continue;
    if (bytes.empty() || decoder.fault() != GzipDecoder::Fault::none) break;
    const std::size_t count = std::min({piece, bytes.size(), decoder.input_size()});
    std::copy_n(bytes.data(), count, decoder.input());
    decoder.give(count);
    bytes.remove_prefix(count);
  }
  unpacked.is_complete = decoder.is_complete();
  unpacked.fault = decoder.fault();
  return unpacked;
}

/// Digits that repeat late: packed to a good part of their size.
std::string some_text(std::size_t size) {
  std::string text;
  for (std::uint64_t i = 1; text.size() < size; ++i) text += std::to_string(i * i * i);
  text.resize(size);
  return text;
}

TEST(GzipDecoder, gives_the_text_however_it_comes) {
  const std::string text = some_text(100'000);
  const std::string bytes = packed(text);
  for (const std::size_t piece : {1UL, 7UL, 100'000UL}) {
    for (const std::size_t room : {1UL, 1000UL, 1'000'000UL}) {
      const Unpacked unpacked = unpack(bytes, piece, room);
      EXPECT_TRUE(unpacked.is_complete) << piece << ", " << room;
      EXPECT_TRUE(unpacked.text == text) << piece << ", " << room;
    }
  }
  EXPECT_TRUE(unpack(packed("")).is_complete);
}

TEST(GzipDecoder, joins_members) {
  const std::string bytes = packed("one ") + packed("") + packed("two");
  for (const std::size_t piece : {1UL, 1000UL}) {
    const Unpacked unpacked = unpack(bytes, piece);
    EXPECT_TRUE(unpacked.is_complete);
    EXPECT_EQ(unpacked.text, "one two");
  }
}

TEST(GzipDecoder, sees_what_is_cut_or_damaged) {
  const std::string bytes = packed(some_text(5000));
  for (std::size_t size = 0; size < bytes.size(); size += 13) {
    const Unpacked unpacked = unpack(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(unpacked.is_complete) << size;
    EXPECT_EQ(unpacked.fault, GzipDecoder::Fault::none) << size << ": more could come";
  }
  for (const std::string& bad : {bytes + "x", bytes + std::string(8, '\0'), std::string("[]"),
                                 bytes.substr(0, bytes.size() - 8) + "checksum"}) {
    EXPECT_FALSE(unpack(bad).is_complete);
  }
  std::string damaged = bytes;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  const Unpacked unpacked = unpack(damaged);
  EXPECT_FALSE(unpacked.is_complete);
}

TEST(GzipDecoder, stops_when_little_becomes_too_much) {
  const Unpacked bomb = unpack(packed(std::string(200U << 20, '0')), 1000, 64U << 10);
  EXPECT_EQ(bomb.fault, GzipDecoder::Fault::too_dense);
  EXPECT_FALSE(bomb.is_complete);
  EXPECT_LT(bomb.text.size(), GzipDecoder::free_bytes + (512U << 10));
  EXPECT_TRUE(unpack(packed(std::string(GzipDecoder::free_bytes, '0'))).is_complete);
}

}  // namespace
}  // namespace api::test
