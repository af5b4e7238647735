#include "storage/access_log/access_block.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ledger/values/rfc3339.h"
#include "tests/storage/access_log/access_samples.h"

namespace storage::test {
namespace {

namespace fs = std::filesystem;

std::string body_of(const AccessRecord& record) {
  std::string body;
  append_access_body(body, record);
  return body;
}

/// Bodies and owners of so many records, which must stay as long as what is made of them.
struct Samples {
  explicit Samples(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) bodies.push_back(body_of(access_sample(i, i)));
  }
  std::vector<AccessLeaf> leaves() const {
    std::vector<AccessLeaf> leaves(bodies.size());
    for (std::uint32_t i = 0; i < bodies.size(); ++i) {
      leaves[i].body = bodies[i];
      leaves[i].person = named(access_number(i), static_cast<std::uint8_t>(i));
      if (i % 4 != 3) continue;
      leaves[i].practitioner = named(access_number(9'000), static_cast<std::uint8_t>(100 + i));
    }
    return leaves;
  }
  static AccessNumber named(const ledger::EncryptedNumber& number, std::uint8_t salt) {
    AccessNumber made{AccessNumber::State::named, {}, number, {}};
    made.salt.fill(salt);
    return made;
  }
  std::vector<std::string> bodies;
};

TEST(AccessBody, decodes_to_what_was_written) {
  for (std::int64_t i = 0; i < 500; ++i) {
    AccessRecord record = access_sample(1, i);
    const auto decoded = decode_access_body(body_of(record));
    ASSERT_TRUE(decoded) << i;
    record.number = {};
    record.asker.practitioner = {};
    EXPECT_EQ(decoded.value(), record) << i;
  }
}

TEST(AccessBody, does_not_decode_when_a_byte_is_missing_or_too_much) {
  const std::string body = body_of(access_sample(1, 6));
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(decode_access_body(std::string_view(body).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_access_body(body + '\0'));
}

TEST(AccessBody, has_bounds_for_writing_and_for_reading) {
  const auto expect = [](const char* field, const std::function<void(AccessRecord&)>& change) {
    AccessRecord record = access_sample(1, 2);
    record.year = 2025;
    change(record);
    EXPECT_STREQ(field_out_of_bounds(record), field);
    // What cannot be written so is not read either.
    if (record.service_type.has_value() == record.service_date.has_value()) {
      EXPECT_EQ(decode_access_body(body_of(record)).has_value(), field == nullptr)
          << (field == nullptr ? "" : field);
    }
  };
  expect(nullptr, [](AccessRecord&) {});
  expect("what", [](AccessRecord& record) { record.what = static_cast<AccessWhat>(0); });
  expect("what", [](AccessRecord& record) { record.what = static_cast<AccessWhat>(9); });
  expect("time", [](AccessRecord& record) { record.time.nanoseconds = 1'000'000'000; });
  expect("time", [](AccessRecord& record) { record.time.seconds = std::int64_t{1} << 41; });
  expect("serviceType",
         [](AccessRecord& record) { record.service_type = static_cast<ledger::ServiceType>(14); });
  expect("serviceDate", [](AccessRecord& record) {
    record.service_date = ledger::Date{std::chrono::year{10'000} / 1 / 1};
  });
  expect(nullptr, [](AccessRecord& record) {
    record.service_date = ledger::Date{std::chrono::year{9999} / 12 / 31};
  });
  expect("service", [](AccessRecord& record) { record.service_date.reset(); });
  expect("year", [](AccessRecord& record) { record.year = 0; });
  expect("year", [](AccessRecord& record) { record.year = 10'000; });
  expect("asker", [](AccessRecord& record) { record.asker.client.assign(801, 'x'); });
  expect("asker", [](AccessRecord& record) { record.asker.client_name.assign(801, 'x'); });
  expect("asker", [](AccessRecord& record) { record.asker.token_id.assign(801, 'x'); });
  expect("asker", [](AccessRecord& record) { record.asker.network_address.assign(801, 'x'); });
  expect("asker", [](AccessRecord& record) { record.asker.organisation_number.assign(801, '9'); });
  expect("asker", [](AccessRecord& record) { record.asker.main_unit.assign(801, '9'); });
  expect("asker", [](AccessRecord& record) { record.asker.supplier.assign(801, '9'); });
  expect("asker", [](AccessRecord& record) { record.asker.hpr_number.assign(801, '9'); });
  // The longest name that the registry of practices takes: 200 characters of four bytes.
  expect(nullptr, [](AccessRecord& record) { record.asker.name.assign(800, 'x'); });
}

TEST(AccessBlock, decodes_to_what_was_sealed) {
  const auto signing = SigningKey::generate();
  for (const std::uint32_t count : {1U, 2U, 31U, 32U, 33U, 512U}) {
    const Samples samples(count);
    AccessChain chain{77, 4, 100, sha256("before")};
    const std::string bytes = seal_access_block(chain, samples.leaves(), signing);
    const auto decoded = decode_access_block(bytes);
    ASSERT_TRUE(decoded) << count;
    const AccessBlock& block = decoded.value();
    EXPECT_EQ(block.node, 77U);
    EXPECT_EQ(block.number, 5U);
    EXPECT_EQ(block.first, 101U);
    EXPECT_EQ(block.last(), 100U + count);
    EXPECT_EQ(block.previous, sha256("before"));
    EXPECT_EQ(chain, (AccessChain{77, 5, block.last(), block.hash}));
    EXPECT_EQ(root_of(block), block.root);
    EXPECT_TRUE(is_signed_by(signing.public_key(), block.hash, block.signature));
    EXPECT_EQ(encode_access_block(block), bytes);
    for (std::uint32_t i = 0; i < count; ++i) EXPECT_EQ(block.leaves[i].body, samples.bodies[i]);
  }
}

TEST(AccessBlock, holds_when_a_number_was_erased) {
  const auto signing = SigningKey::generate();
  const Samples samples(40);
  AccessChain chain;
  const std::string bytes = seal_access_block(chain, samples.leaves(), signing);
  AccessBlock block = decode_access_block(bytes).value();
  for (const std::size_t i : {0U, 17U, 39U}) block.leaves[i].person.erase();
  for (AccessLeaf& leaf : block.leaves) {
    if (leaf.practitioner.number == access_number(9'000)) leaf.practitioner.erase();
  }
  const std::string erased = encode_access_block(block);
  EXPECT_EQ(erased.size(), bytes.size());
  const auto decoded = decode_access_block(erased);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(root_of(decoded.value()), decoded.value().root);
  EXPECT_EQ(decoded.value().hash, chain.hash);
  for (const std::uint32_t person : {17U, 9'000U}) {
    const auto number = access_number(person).bytes;
    const std::string_view gone(reinterpret_cast<const char*>(number.data()), number.size());
    EXPECT_NE(bytes.find(gone), std::string::npos) << person;
    EXPECT_EQ(erased.find(gone), std::string::npos) << person;
  }
}

TEST(AccessBlock, does_not_decode_without_the_person_or_with_a_number_of_no_known_state) {
  const Samples samples(1);
  AccessChain chain;
  const std::string bytes = seal_access_block(chain, samples.leaves(), SigningKey::generate());
  const auto with = [&bytes](auto change) {
    AccessBlock block = decode_access_block(bytes).value();
    change(block.leaves[0]);
    return decode_access_block(encode_access_block(block));
  };
  EXPECT_FALSE(with([](AccessLeaf& leaf) { leaf.person = {}; }));
  for (const std::uint8_t state : {std::uint8_t{3}, std::uint8_t{255}}) {
    const auto unknown = static_cast<AccessNumber::State>(state);
    EXPECT_FALSE(with([&](AccessLeaf& leaf) { leaf.person.state = unknown; }));
    EXPECT_FALSE(with([&](AccessLeaf& leaf) { leaf.practitioner.state = unknown; }));
  }
}

TEST(AccessBlock, shows_every_byte_that_was_changed) {
  const auto signing = SigningKey::generate();
  const Samples samples(3);
  AccessChain chain;
  const std::string bytes = seal_access_block(chain, samples.leaves(), signing);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto decoded = decode_access_block(changed);
    if (!decoded) continue;
    const AccessBlock& block = decoded.value();
    std::uint64_t sequence = block.first;
    bool is_checked = true;
    for (const AccessLeaf& leaf : block.leaves) {
      is_checked = is_checked && check_of(hash_of(leaf, sequence++)) == leaf.check;
    }
    EXPECT_FALSE(is_checked && root_of(block) == block.root &&
                 is_signed_by(signing.public_key(), block.hash, block.signature))
        << at;
  }
}

TEST(AccessBlock, does_not_decode_when_it_is_cut_or_longer) {
  const Samples samples(2);
  AccessChain chain;
  const std::string bytes = seal_access_block(chain, samples.leaves(), SigningKey::generate());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_access_block(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_access_block(bytes + '\0'));
}

// ---- what was written once decodes for ever; see golden_test.cc ----

std::string described(const AccessNumber& number) {
  if (number.state == AccessNumber::State::nobody) return "nobody";
  if (number.is_erased()) return "erased " + to_hex(number.commitment);
  return "number " + to_hex(number.number.bytes);
}

std::string described(std::string_view bytes) {
  const auto decoded = decode_access_block(bytes);
  if (!decoded) return "does not decode\n";
  const AccessBlock& block = decoded.value();
  std::ostringstream out;
  out << "block " << block.number << " of " << block.node << " from " << block.first
      << "\nprevious " << to_hex(block.previous) << "\nroot " << to_hex(block.root)
      << (root_of(block) == block.root ? " right" : " wrong") << "\nhash " << to_hex(block.hash)
      << "\nkey " << block.key_id << "\nsignature " << to_hex(block.signature) << '\n';
  for (const AccessLeaf& leaf : block.leaves) {
    const auto body = decode_access_body(leaf.body);
    if (!body) return "a record does not decode\n";
    const AccessRecord& record = body.value();
    out << "record " << name_of(record.what) << ' ' << ledger::to_rfc3339(record.time) << ' '
        << to_string(record.correlation_id) << "\n  client '" << record.asker.client << "' called '"
        << record.asker.client_name << "' token '" << record.asker.token_id << "' at '"
        << record.asker.network_address << "'\n  name '" << record.asker.name << "' organisation '"
        << record.asker.organisation_number << "' of '" << record.asker.main_unit << "' supplier '"
        << record.asker.supplier << "' HPR '" << record.asker.hpr_number << "'\n ";
    if (record.service_type) {
      out << ' ' << code_of(*record.service_type) << ' ' << ledger::to_string(*record.service_date);
    }
    if (record.year) out << ' ' << *record.year;
    if (record.answer) out << (*record.answer ? " yes" : " no");
    out << "\n  person " << described(leaf.person) << "\n  practitioner "
        << described(leaf.practitioner) << '\n';
  }
  return out.str();
}

std::string new_golden_block() {
  const Samples samples(9);
  AccessChain chain{0x0123456789abcdef, 41, 4711, sha256("the block before")};
  const std::string bytes = seal_access_block(chain, samples.leaves(), SigningKey::generate());
  AccessBlock block = decode_access_block(bytes).value();
  block.leaves[3].person.erase();
  block.leaves[7].practitioner.erase();
  return encode_access_block(block);
}

TEST(GoldenAccessBlock, of_format_3_decodes_to_the_same_for_ever) {
  const fs::path path = fs::path(GOLDEN_FOLDER) / "access_block_3.txt";
  if (!fs::exists(path) && std::getenv("FRIKORT_WRITE_GOLDEN") != nullptr) {
    const std::string bytes = new_golden_block();
    std::ofstream(path) << to_hex(bytes) << '\n' << described(bytes);
  }
  std::ifstream file(path);
  std::string digits;
  ASSERT_TRUE(std::getline(file, digits)) << path;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string bytes = ledger::from_hex(digits).value();
  EXPECT_EQ(described(bytes), text);
  EXPECT_EQ(encode_access_block(decode_access_block(bytes).value()), bytes);
}

}  // namespace
}  // namespace storage::test
