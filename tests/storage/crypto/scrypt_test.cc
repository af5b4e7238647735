#include "storage/crypto/scrypt.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "ledger/values/hex.h"

namespace storage::test {
namespace {

// The values of RFC 7914, section 12, that take no more than 64 MiB.
TEST(Scrypt, gives_the_published_values) {
  EXPECT_EQ(ledger::to_hex(scrypt("", "", {16, 1, 1}, 64)),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
            "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
  EXPECT_EQ(ledger::to_hex(scrypt("password", "NaCl", {1024, 8, 16}, 64)),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
            "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
  EXPECT_EQ(ledger::to_hex(scrypt("pleaseletmein", "SodiumChloride", ScryptCost(), 64)),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

TEST(Scrypt, takes_no_more_memory_than_its_bound) {
  EXPECT_THROW(scrypt("a", "b", {1U << 20, 8, 1}, 16), std::runtime_error);
  EXPECT_THROW(scrypt("a", "b", {3, 8, 1}, 16), std::runtime_error) << "no power of two";
}

}  // namespace
}  // namespace storage::test
