// What decoders do with bytes that no encoder wrote.

#include <gtest/gtest.h>

#include <functional>

#include "storage/bytes/byte_codec.h"
#include "storage/bytes/format.h"
#include "tests/storage/bytes/random_records.h"

namespace storage::test {
namespace {

using ledger::Position;
using ledger::test::Prng;

constexpr std::uint64_t seed = 1814;

/// Every kind of record alike.
struct Kind {
  const char* name;
  std::function<std::string(Prng&)> encode_random;
  std::function<bool(std::string_view)> decodes;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"journal record", [](Prng& prng) { return record_of(prng, group(prng, prng.below(5))); },
       [](std::string_view bytes) { return decode_record(bytes).has_value(); }},
      {"registration",
       [](Prng& prng) {
         std::string bytes;
         encode_registration(registration(prng), bytes);
         return bytes;
       },
       [](std::string_view bytes) { return decode_registration(bytes).has_value(); }},
      {"account",
       [](Prng& prng) {
         std::string bytes;
         encode_account(account(prng), bytes);
         return bytes;
       },
       [](std::string_view bytes) {
         ledger::Account out;
         return decode_account(bytes, out).has_value();
       }},
      {"person id", [](Prng& prng) { return encode_person_id(person(prng)); },
       [](std::string_view bytes) { return decode_person_id(bytes).has_value(); }},
      {"practice", [](Prng& prng) { return encode_practice({}, practice_row(prng), nullptr); },
       [](std::string_view bytes) { return decode_practice(bytes).has_value(); }},
      {"timeliness", [](Prng& prng) { return encode_timeliness(month(prng)); },
       [](std::string_view bytes) { return decode_timeliness(bytes).has_value(); }},
      {"refusals", [](Prng& prng) { return encode_refusals(refusals(prng)); },
       [](std::string_view bytes) { return decode_refusals(bytes).has_value(); }},
      {"event", [](Prng& prng) { return encode_event(event(prng)); },
       [](std::string_view bytes) {
         return decode_event(event_key(Position{7}, 0), bytes).has_value();
       }},
      {"unpaid", [](Prng& prng) { return encode_unpaid(unpaid(prng, Position{7})); },
       [](std::string_view bytes) {
         return decode_unpaid(unpaid_key({{}, {}, Position{7}}), bytes).has_value();
       }},
      {"note", [](Prng& prng) { return encode_note(note(prng, 7)); },
       [](std::string_view bytes) {
         return decode_note(journal_key(Position{7}), bytes).has_value();
       }},
      {"applied", [](Prng& prng) { return encode_applied(applied(prng)); },
       [](std::string_view bytes) { return decode_applied(bytes).has_value(); }},
  };
  return all;
}

TEST(Format, decodes_no_truncated_and_no_lengthened_record) {
  for (const Kind& kind : kinds()) {
    for (std::uint64_t run = 0; run < 30; ++run) {
      SCOPED_TRACE(std::string(kind.name) + ", seed " + std::to_string(seed + run));
      Prng prng(seed + run);
      const std::string bytes = kind.encode_random(prng);
      ASSERT_TRUE(kind.decodes(bytes));
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(kind.decodes(bytes.substr(0, size))) << "the first " << size << " bytes";
      }
      EXPECT_FALSE(kind.decodes(bytes + '\0'));
    }
  }
}

TEST(Format, survives_every_flipped_byte) {
  for (const Kind& kind : kinds()) {
    for (std::uint64_t run = 0; run < 30; ++run) {
      SCOPED_TRACE(std::string(kind.name) + ", seed " + std::to_string(seed + run));
      Prng prng(seed + run);
      std::string bytes = kind.encode_random(prng);
      for (char& byte : bytes) {
        const char original = byte;
        for (const int flip : {0x01, 0x02, 0x40, 0x80, 0xff}) {
          byte = static_cast<char>(original ^ flip);
          kind.decodes(bytes);  // whatever it says: it must come back
        }
        byte = original;
      }
    }
  }
}

TEST(Format, survives_random_bytes_in_place_of_a_record) {
  Prng prng(seed);
  for (int run = 0; run < 20'000; ++run) {
    std::string bytes(prng.below(60), '\0');
    // Mostly bytes that make the longest numbers.
    for (char& byte : bytes) byte = static_cast<char>(prng.chance(2, 3) ? 0xff : prng.next());
    if (!bytes.empty() && prng.chance(1, 2)) bytes[0] = 2;
    for (const Kind& kind : kinds()) kind.decodes(bytes);
    (void)decode_entry_at(bytes, Position{prng.next()});
  }
}

TEST(Format, refuses_values_that_no_rule_gives) {
  Prng prng(seed);
  ledger::Event unknown = event(prng);
  for (const unsigned type : {0U, 8U, 200U}) {
    unknown.type = static_cast<ledger::EventType>(type);
    EXPECT_FALSE(decode_event(event_key(unknown.cause, 0), encode_event(unknown))) << type;
  }
  for (const std::uint64_t lag : {221U, 1000U, 1U << 30}) {
    std::string bytes;
    ByteWriter out(bytes);
    out.varint(1);  // one lag: so many days, one co-payment; no duplicates, no rejections
    out.varint(lag);
    out.varint(1);
    out.varint(0);
    out.varint(0);
    EXPECT_FALSE(decode_timeliness(bytes)) << lag;
  }
}

TEST(Format, refuses_a_record_of_another_version) {
  Prng prng(seed);
  std::string record = record_of(prng, group(prng, 2));
  std::string state = encode_applied(applied(prng));
  ++record[0];
  ++state[0];
  EXPECT_FALSE(decode_record(record));
  EXPECT_FALSE(decode_applied(state));
}

}  // namespace
}  // namespace storage::test
