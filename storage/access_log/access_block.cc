#include "storage/access_log/access_block.h"

#include <algorithm>
#include <chrono>

#include "ledger/values/assert.h"
#include "storage/bytes/byte_codec.h"

namespace storage {
namespace {

using ledger::Result;

constexpr std::uint8_t format = 3;
constexpr std::string_view hash_prefix = "frikort access log block\n";

// Flags of a body.
constexpr std::uint8_t has_service = 1;
constexpr std::uint8_t has_year = 2;
constexpr std::uint8_t has_answer = 4;
constexpr std::uint8_t is_yes = 8;
constexpr std::uint8_t all_flags = 15;

constexpr int year_max = 9999;
constexpr ledger::Date date_min = std::chrono::year{0} / 1 / 1;
constexpr ledger::Date date_max = std::chrono::year{year_max} / 12 / 31;
constexpr std::int64_t seconds_max = std::int64_t{1} << 40;
constexpr std::size_t key_id_bytes = 16;

template <class Bytes>
std::string_view view_of_bytes(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_storable(ledger::Instant time) {
  return time.seconds >= -seconds_max && time.seconds <= seconds_max && time.nanoseconds >= 0 &&
         time.nanoseconds <= ledger::nanoseconds_max;
}

bool is_storable(const AccessBlock& block) {
  return block.number >= 1 && block.number <= access_sequence_max && block.first >= block.number &&
         block.first <= access_sequence_max && block.key_id.size() == key_id_bytes;
}

/// In the order in which they are stored. Of an asker that may be const.
template <class Asker>
auto texts_of(Asker& asker) {
  return std::array{&asker.client,          &asker.client_name, &asker.token_id,
                    &asker.network_address, &asker.name,        &asker.organisation_number,
                    &asker.main_unit,       &asker.supplier,    &asker.hpr_number};
}

void append_head(std::string& bytes, const AccessBlock& block) {
  ByteWriter out(bytes);
  out.u8(format);
  out.u64(block.node);
  out.varint(block.number);
  out.varint(block.first);
  out.varint(block.leaves.size());
  out.raw(block.previous);
  out.raw(block.root);
  out.text(block.key_id);
}

void append_number(ByteWriter& out, const AccessNumber& number) {
  out.u8(static_cast<std::uint8_t>(number.state));
  if (number.state == AccessNumber::State::named) {
    out.raw(number.salt);
    out.raw(number.number.bytes);
  }
  if (number.is_erased()) out.raw(number.commitment);
}

/// Of a state that is not known nothing is read: the leaf is refused.
AccessNumber read_number(ByteReader& in) {
  AccessNumber number;
  number.state = static_cast<AccessNumber::State>(in.u8());
  if (number.state == AccessNumber::State::named) {
    number.salt = in.raw<16>();
    number.number.bytes = in.raw<16>();
  }
  if (number.is_erased()) number.commitment = in.raw<32>();
  return number;
}

void append_leaf(std::string& bytes, const AccessLeaf& leaf) {
  ByteWriter out(bytes);
  out.text(leaf.body);
  append_number(out, leaf.person);
  append_number(out, leaf.practitioner);
  out.u32(leaf.check);
}

AccessLeaf read_leaf(ByteReader& in) {
  AccessLeaf leaf;
  leaf.body = in.text();
  leaf.person = read_number(in);
  leaf.practitioner = read_number(in);
  leaf.check = in.u32();
  return leaf;
}

bool is_storable(const AccessLeaf& leaf) {
  return leaf.person.state != AccessNumber::State::nobody &&
         leaf.person.state <= AccessNumber::State::erased &&
         leaf.practitioner.state <= AccessNumber::State::erased;
}

/// The root over hashes of leaves, at least one.
Digest root_over(std::vector<Digest> level) {
  while (level.size() > 1) {
    std::vector<Digest> above;
    for (std::size_t from = 0; from < level.size(); from += access_children_max) {
      const std::size_t count = std::min(access_children_max, level.size() - from);
      above.push_back(
          sha256(std::string_view("\x01", 1),
                 {reinterpret_cast<const char*>(&level[from]), count * sizeof(Digest)}));
    }
    level = std::move(above);
  }
  return level.front();
}

}  // namespace

const char* field_out_of_bounds(const AccessRecord& record) {
  const auto what = static_cast<std::size_t>(record.what);
  if (what < 1 || what > access_what_count) return "what";
  if (!is_storable(record.time)) return "time";
  if (record.service_type.has_value() != record.service_date.has_value()) return "service";
  if (record.service_type) {
    const auto type = static_cast<std::size_t>(*record.service_type);
    if (type < 1 || type > ledger::service_type_count) return "serviceType";
    if (*record.service_date < date_min || *record.service_date > date_max) return "serviceDate";
  }
  if (record.year && (*record.year < 1 || *record.year > year_max)) return "year";
  for (const std::string* text : texts_of(record.asker)) {
    if (text->size() > access_text_bytes_max) return "asker";
  }
  return nullptr;
}

void append_access_body(std::string& bytes, const AccessRecord& record) {
  ByteWriter out(bytes);
  out.zigzag(record.time.seconds);
  out.varint(static_cast<std::uint64_t>(record.time.nanoseconds));
  out.u8(static_cast<std::uint8_t>(record.what));
  out.u8(static_cast<std::uint8_t>((record.service_type ? has_service : 0) |
                                   (record.year ? has_year : 0) | (record.answer ? has_answer : 0) |
                                   (record.answer.value_or(false) ? is_yes : 0)));
  out.raw(record.correlation_id.bytes);
  for (const std::string* text : texts_of(record.asker)) out.text(*text);
  if (record.service_type) {
    out.u8(static_cast<std::uint8_t>(*record.service_type));
    out.zigzag(record.service_date->time_since_epoch().count());
  }
  if (record.year) out.varint(static_cast<std::uint64_t>(*record.year));
}

Result<AccessRecord> decode_access_body(std::string_view body) {
  ByteReader in(body);
  AccessRecord record;
  record.time.seconds = in.zigzag();
  record.time.nanoseconds = in.varint<std::int32_t>();
  record.what = static_cast<AccessWhat>(in.u8());
  const std::uint8_t flags = in.u8();
  record.correlation_id.bytes = in.raw<16>();
  for (std::string* text : texts_of(record.asker)) *text = in.text();
  if ((flags & has_service) != 0) {
    record.service_type = static_cast<ledger::ServiceType>(in.u8());
    const std::int64_t days = in.zigzag();
    const bool is_day =
        days >= date_min.time_since_epoch().count() && days <= date_max.time_since_epoch().count();
    if (!is_day) return ledger::Errc::corrupt_record;
    record.service_date = ledger::Date{std::chrono::days{days}};
  }
  if ((flags & has_year) != 0) record.year = in.varint<int>();
  if ((flags & has_answer) != 0) record.answer = (flags & is_yes) != 0;
  const bool is_coherent = flags <= all_flags && ((flags & is_yes) == 0 || record.answer);
  if (!in.is_complete() || !is_coherent || field_out_of_bounds(record) != nullptr) {
    return ledger::Errc::corrupt_record;
  }
  return record;
}

void AccessNumber::erase() { *this = {State::erased, {}, {}, commitment_of(*this)}; }

Digest commitment_of(const AccessNumber& number) {
  if (number.state != AccessNumber::State::named) return number.commitment;
  return sha256(view_of_bytes(number.salt), view_of_bytes(number.number.bytes));
}

std::uint32_t check_of(const Digest& hash) { return ByteReader(view_of_bytes(hash)).u32(); }

Digest hash_of(const AccessLeaf& leaf, std::uint64_t sequence) {
  std::string before("\0", 1);
  ByteWriter out(before);
  out.u8(format);
  out.varint(sequence);
  const std::array commitments{commitment_of(leaf.person), commitment_of(leaf.practitioner)};
  return sha256(before, leaf.body,
                {reinterpret_cast<const char*>(commitments.data()), sizeof commitments});
}

Digest root_of(const AccessBlock& block) {
  std::vector<Digest> hashes;
  hashes.reserve(block.leaves.size());
  for (const AccessLeaf& leaf : block.leaves) {
    hashes.push_back(hash_of(leaf, block.first + hashes.size()));
  }
  return root_over(std::move(hashes));
}

std::string encode_access_block(const AccessBlock& block) {
  std::string bytes;
  append_head(bytes, block);
  ByteWriter(bytes).raw(block.signature);
  for (const AccessLeaf& leaf : block.leaves) append_leaf(bytes, leaf);
  return bytes;
}

std::string seal_access_block(AccessChain& chain, std::vector<AccessLeaf> leaves,
                              const SigningKey& signing) {
  LEDGER_ASSERT(!leaves.empty() && leaves.size() <= access_block_records_max);
  AccessBlock block;
  block.node = chain.node;
  block.number = chain.blocks + 1;
  block.first = chain.records + 1;
  block.previous = chain.hash;
  block.key_id = signing.key_id();
  block.leaves = std::move(leaves);
  std::vector<Digest> hashes;
  hashes.reserve(block.leaves.size());
  for (AccessLeaf& leaf : block.leaves) {
    hashes.push_back(hash_of(leaf, block.first + hashes.size()));
    leaf.check = check_of(hashes.back());
  }
  block.root = root_over(std::move(hashes));
  std::string head;
  append_head(head, block);
  block.hash = sha256(hash_prefix, head);
  block.signature = signing.sign(block.hash);
  chain.blocks = block.number;
  chain.records = block.last();
  chain.hash = block.hash;
  return encode_access_block(block);
}

Result<AccessBlock> decode_access_block(std::string_view bytes) {
  ByteReader in(bytes);
  AccessBlock block;
  const bool is_known = in.u8() == format;
  block.node = in.u64();
  block.number = in.varint();
  block.first = in.varint();
  const std::uint64_t count = in.varint();
  block.previous = in.raw<32>();
  block.root = in.raw<32>();
  block.key_id = in.text();
  block.hash = sha256(hash_prefix, bytes.substr(0, bytes.size() - in.left()));
  block.signature = in.raw<64>();
  if (!is_known || !in.is_ok() || count < 1 || count > access_block_records_max ||
      !is_storable(block)) {
    return ledger::Errc::corrupt_record;
  }
  block.leaves.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    block.leaves.push_back(read_leaf(in));
    if (!is_storable(block.leaves.back())) return ledger::Errc::corrupt_record;
  }
  if (!in.is_complete()) return ledger::Errc::corrupt_record;
  return block;
}

}  // namespace storage
