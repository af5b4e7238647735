#include "api/http/chunk_decoder.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace api::test {
namespace {

struct Decoded {
  std::string body;
  std::string rest;
  bool is_done = false;
  bool is_bad = false;
};

/// As it would come in pieces of `piece` bytes, into a buffer of `room` bytes.
Decoded decode(std::string_view bytes, std::size_t piece, std::size_t room) {
  ChunkDecoder decoder;
  Decoded decoded;
  std::string in;
  std::string out(room, '\0');
  while (!decoder.is_done() && !decoder.is_bad() && !(bytes.empty() && in.empty())) {
    in += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    const ChunkDecoder::Step step = decoder.decode(in, out.data(), room);
    decoded.body.append(out, 0, step.got);
    in.erase(0, step.used);
    if (bytes.empty() && step.used == 0 && step.got == 0) break;
  }
  decoded.rest = in + std::string(bytes);
  decoded.is_done = decoder.is_done();
  decoded.is_bad = decoder.is_bad();
  return decoded;
}

TEST(ChunkDecoder, takes_chunks_apart_however_they_come) {
  const std::string bytes =
      "5\r\nhello\r\nA;name;other=token;third=\"a \\\" b\"\r\n0123456789\r\n"
      "0001 ; x = y\r\n!\r\n0\r\nChecksum: abc\r\nX-Y:\r\n\r\nGET /";
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 1000UL}) {
    for (const std::size_t room : {1UL, 4UL, 1000UL}) {
      const Decoded decoded = decode(bytes, piece, room);
      EXPECT_EQ(decoded.body, "hello0123456789!") << piece << ", " << room;
      EXPECT_EQ(decoded.rest, "GET /") << piece << ", " << room;
      EXPECT_TRUE(decoded.is_done) << piece << ", " << room;
    }
  }
}

TEST(ChunkDecoder, refuses_what_others_could_end_elsewhere) {
  const std::string nul(1, '\0');
  const std::string cases[] = {
      "2;a=\"\nx\"\r\nab\r\n0\r\n\r\n",    // a line feed in quotes
      "2;a=\"\r\nx\"\r\nab\r\n0\r\n\r\n",  // an end of line in quotes: not closed in its line
      "2;a=\"x\r\n",                       // seen at the end of the line, not when more comes
      "2;a=" + nul + "\r\nab\r\n",
      "2;a=\x01\r\nab\r\n",
      "2;a=\x7F\r\nab\r\n",
      "2;a=b\nab\r\n",
      "2;a=b\rab\r\n",
      "2;\r\nab\r\n",
      "2;=b\r\nab\r\n",
      "2;a=\r\nab\r\n",
      "2;a b\r\nab\r\n",
      "2 \r\nab\r\n",
      "2\t\r\nab\r\n",
      " 2\r\nab\r\n",
      "2\nab\r\n",
      "2\rab\r\n",
      "2\r\rab\r\n",
      "2\r\nab\n0\r\n\r\n",
      "2\r\nabc\r\n0\r\n\r\n",
      "2\r\nab0\r\n\r\n",
      "+2\r\nab\r\n",
      "-2\r\nab\r\n",
      "0x2\r\nab\r\n",
      "2_0\r\nab\r\n",
      "\r\n",
      ";a\r\nab\r\n",
      "00000000000000002\r\nab\r\n",
      "ffffffffffffffffff\r\n",
      "0\r\nX y\r\n\r\n",
      "0\r\nX : y\r\n\r\n",
      "0\r\n X: y\r\n\r\n",
      "0\r\n: y\r\n\r\n",
      "0\r\nX: y\n\r\n",
      "0\r\nX: a" + nul + "b\r\n\r\n",
  };
  for (const std::string& bytes : cases) {
    for (const std::size_t piece : {1UL, 1000UL}) {
      const Decoded decoded = decode(bytes, piece, 1000);
      EXPECT_TRUE(decoded.is_bad) << testing::PrintToString(bytes);
      EXPECT_FALSE(decoded.is_done) << testing::PrintToString(bytes);
    }
  }
}

TEST(ChunkDecoder, refuses_trailers_that_belong_into_the_head) {
  for (const char* name : {"Content-Length", "transfer-encoding", "Host", "Content-Encoding",
                           "authorization", "Correlation-Id", "Connection"}) {
    EXPECT_TRUE(decode("0\r\n" + std::string(name) + ": 1\r\n\r\n", 1000, 10).is_bad) << name;
  }
}

TEST(ChunkDecoder, bounds_extensions_and_trailers_of_a_body_together) {
  std::string chunks;
  for (int i = 0; i < 4; ++i) chunks += "1;a=" + std::string(3000, 'b') + "\r\nx\r\n";
  EXPECT_TRUE(decode(chunks + "0\r\n\r\n", 1000, 10).is_done);
  EXPECT_TRUE(decode(chunks + "0\r\nX: " + std::string(3000, 'b') + "\r\n\r\n", 1000, 10).is_done);
  EXPECT_TRUE(decode(chunks + chunks, 1000, 10).is_bad);
  EXPECT_TRUE(decode(chunks + "0\r\nX: " + std::string(5000, 'b') + "\r\n\r\n", 1000, 10).is_bad);
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "1\r\nx\r\n";
  EXPECT_EQ(decode(many + "0\r\n\r\n", 1000, 100).body.size(), 20'000U) << "plain sizes are free";
}

}  // namespace
}  // namespace api::test
