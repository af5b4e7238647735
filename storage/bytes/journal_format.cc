#include <algorithm>

#include "ledger/values/assert.h"
#include "storage/bytes/byte_codec.h"
#include "storage/bytes/format.h"
#include "storage/bytes/format_bounds.h"
#include "storage/bytes/format_elements.h"

namespace storage {
namespace {

using ledger::Entry;
using ledger::Errc;
using ledger::Instant;
using ledger::Item;
using ledger::ItemType;
using ledger::Money;
using ledger::Position;
using ledger::Result;

constexpr std::size_t entries_per_offset = 64;

// First flag byte of an entry. STORED.
constexpr unsigned flag_type_mask = 3;
constexpr unsigned flag_paid = 4;
constexpr unsigned flag_exemption = 8;
constexpr unsigned flag_new_practice = 16;
constexpr unsigned flag_new_person = 32;
constexpr unsigned flag_received_fraction = 64;
constexpr unsigned flag_service_fraction = 128;

void encode_entry(ByteWriter& out, const Entry& entry, Instant committed_at) {
  const Item& item = entry.item;
  const bool is_copayment = item.type == ItemType::copayment;
  unsigned flags = static_cast<unsigned>(item.type);
  if (item.is_paid) flags |= flag_paid;
  if (item.exemption != 0) flags |= flag_exemption;
  if (entry.is_new_practice) flags |= flag_new_practice;
  if (entry.is_new_person) flags |= flag_new_person;
  if (item.received.nanoseconds != 0) flags |= flag_received_fraction;
  if (is_copayment && item.service_time.nanoseconds != 0) flags |= flag_service_fraction;
  out.u8(static_cast<std::uint8_t>(flags));
  out.u8(verdict_bits(entry.verdict));
  out.raw(item.guid.bytes);
  out.varint(entry.practice.value());
  if (entry.is_new_practice) out.text(item.practice.view());
  out.varint(entry.person.value());
  if (entry.is_new_person) out.raw(item.person.bytes);
  out.varint(entry.verdict.position.value() - entry.previous.value());
  out.zigzag(item.received.seconds - committed_at.seconds);
  if ((flags & flag_received_fraction) != 0) {
    out.varint(static_cast<std::uint64_t>(item.received.nanoseconds));
  }
  if (!is_copayment) return;
  out.u8(static_cast<std::uint8_t>(item.service_type));
  if (item.exemption != 0) out.u8(static_cast<std::uint8_t>(item.exemption));
  out.zigzag(item.received.seconds - item.service_time.seconds);
  if ((flags & flag_service_fraction) != 0) {
    out.varint(static_cast<std::uint64_t>(item.service_time.nanoseconds));
  }
  out.varint(static_cast<std::uint64_t>(item.amount.ore()));
}

/// Nanoseconds that are not zero, when a flag says that they are there.
bool decode_fraction(ByteReader& in, bool is_there, Instant& instant) {
  if (is_there) instant.nanoseconds = in.varint<std::int32_t>();
  return is_there == (instant.nanoseconds != 0);
}

/// False when it is not there, or is none that the encoder writes.
bool decode_entry(ByteReader& in, Position position, Instant committed_at, Entry& entry) {
  entry = Entry();
  Item& item = entry.item;
  const unsigned flags = in.u8();
  const std::uint8_t bits = in.u8();
  item.type = static_cast<ItemType>(flags & flag_type_mask);
  item.is_paid = (flags & flag_paid) != 0;
  entry.is_new_practice = (flags & flag_new_practice) != 0;
  entry.is_new_person = (flags & flag_new_person) != 0;
  item.guid.bytes = in.raw<16>();
  entry.practice = ledger::PracticeNumber{in.varint<std::uint32_t>()};
  if (entry.is_new_practice) ledger::PracticeId::parse(in.text(), item.practice);
  entry.person = ledger::PersonId{in.varint()};
  if (entry.is_new_person) item.person.bytes = in.raw<16>();
  // What goes further back than the beginning wraps, and so comes out as a later one.
  entry.previous = Position{position.value() - in.varint()};
  entry.verdict = verdict_of(bits, position);
  item.received.seconds = plus(committed_at.seconds, in.zigzag());
  if (!decode_fraction(in, (flags & flag_received_fraction) != 0, item.received)) return false;
  if (item.type == ItemType::copayment) {
    item.service_type = static_cast<ledger::ServiceType>(in.u8());
    if ((flags & flag_exemption) != 0) item.exemption = static_cast<char>(in.u8());
    if (((flags & flag_exemption) != 0) != (item.exemption != 0)) return false;
    item.service_time.seconds = minus(item.received.seconds, in.zigzag());
    const bool has_fraction = (flags & flag_service_fraction) != 0;
    if (!decode_fraction(in, has_fraction, item.service_time)) return false;
    item.amount = Money::from_ore(in.varint<std::int64_t>());
  } else if ((flags & (flag_exemption | flag_service_fraction)) != 0) {
    return false;
  }
  return in.is_ok() && field_out_of_bounds(entry) == nullptr;
}

/// The part of a record before its entries.
struct Head {
  ledger::CommitGroup group;
  ledger::Digest previous_root{};
  std::uint64_t entry_count = 0;
  std::string_view offsets;
};

Result<Head> decode_head(ByteReader& in) {
  Head head;
  if (in.u8() != format_version) return Errc::corrupt_record;
  head.group.position = Position{in.u64()};
  head.group.committed_at.seconds = in.zigzag();
  head.group.committed_at.nanoseconds = in.varint<std::int32_t>();
  head.previous_root = in.raw<32>();
  head.group.rule_pack = in.raw<32>();
  const std::string_view rules = in.text();
  if (!rules.empty()) {
    auto decoded = decode_rules(rules);
    if (!decoded) return decoded.error();
    head.group.new_rules = std::move(decoded.value());
  }
  const std::uint64_t tallies = in.varint();
  for (std::uint64_t i = 0; i < tallies && in.is_ok(); ++i) {
    ledger::Tally& tally = head.group.tallies.emplace_back();
    const std::string_view practice = in.text();
    const bool is_practice =
        practice.empty() || ledger::PracticeId::parse(practice, tally.practice);
    tally.month = month_of_number(in.varint<std::uint32_t>());
    tally.code = static_cast<ledger::Code>(in.u8());
    tally.count = in.varint();
    if (!is_practice || field_out_of_bounds(tally) != nullptr) return Errc::corrupt_record;
  }
  head.entry_count = in.varint();
  if (head.entry_count > ledger::group_items_max) return Errc::corrupt_record;
  const std::size_t offsets =
      head.entry_count == 0 ? 0
                            : static_cast<std::size_t>((head.entry_count - 1) / entries_per_offset);
  head.offsets = in.raw(offsets * 4);
  if (!in.is_ok() || field_out_of_bounds(head.group) != nullptr) return Errc::corrupt_record;
  return head;
}

/// Reads the entries of a record one after another.
class EntryReader {
 public:
  /// `in` stands at the first one. Both must stay.
  EntryReader(ByteReader& in, const Head& head)
      : in_(in), head_(head), offsets_(head.offsets), left_at_first_(in.left()) {}

  /// False when it is damaged, or does not begin where an offset says.
  bool read(Entry& entry) {
    const std::uint64_t index = next_++;
    const bool has_offset = index != 0 && index % entries_per_offset == 0;
    if (has_offset && offsets_.u32() != left_at_first_ - in_.left()) return false;
    return decode_entry(in_, Position{head_.group.position.value() + 1 + index},
                        head_.group.committed_at, entry);
  }

 private:
  ByteReader& in_;
  const Head& head_;
  ByteReader offsets_;
  const std::size_t left_at_first_;
  std::uint64_t next_ = 0;
};

/// The first thing that was read otherwise than it was meant; null when there is none.
const char* difference(const Head& read, const ledger::CommitGroup& meant,
                       const ledger::Digest& previous_root) {
  const ledger::CommitGroup& group = read.group;
  if (group.position != meant.position) return "position";
  if (group.committed_at != meant.committed_at) return "time of commit";
  if (read.previous_root != previous_root) return "previous root";
  if (group.rule_pack != meant.rule_pack) return "rule pack";
  if (group.new_rules != meant.new_rules) return "rules";
  if (group.tallies != meant.tallies) return "tallies";
  return read.entry_count == meant.entries.size() ? nullptr : "number of entries";
}

const char* difference(const Entry& read, const Entry& meant) {
  const Item& item = read.item;
  const Item& meant_item = meant.item;
  if (item.type != meant_item.type) return "type";
  if (item.guid != meant_item.guid) return "guid";
  if (read.practice != meant.practice) return "practice";
  if (read.is_new_practice != meant.is_new_practice) return "new practice";
  if (read.is_new_practice && item.practice != meant_item.practice) return "practiceId";
  if (read.person != meant.person) return "person";
  if (read.is_new_person != meant.is_new_person) return "new person";
  if (read.is_new_person && item.person != meant_item.person) return "number";
  if (read.previous != meant.previous) return "previous";
  if (read.verdict != meant.verdict) return "verdict";
  if (item.received != meant_item.received) return "receivedTime";
  if (item.is_paid != meant_item.is_paid) return "paid";
  if (item.exemption != meant_item.exemption) return "exemption";
  if (item.type != ItemType::copayment) return nullptr;
  if (item.service_type != meant_item.service_type) return "serviceType";
  if (item.service_time != meant_item.service_time) return "serviceTime";
  return item.amount == meant_item.amount ? nullptr : "amountOre";
}

/// Why an entry does not come back, for people; asked when it is known that it does not.
std::string fault_of_entry(std::size_t index, const Entry& meant, const char* differing) {
  const char* field = field_out_of_bounds(meant);
  if (field == nullptr) field = differing == nullptr ? "its bytes" : differing;
  return "journal record, entry " + std::to_string(index) + ": " + field;
}

}  // namespace

std::string journal_key(Position position) {
  std::string key;
  ByteWriter(key).u64(position.value());
  return key;
}

Position decode_journal_key(std::string_view key) { return Position{ByteReader(key).u64()}; }

std::string encode_content(const ledger::CommitGroup& group, const ledger::Digest& previous_root) {
  std::string content;
  content.reserve(256 + group.entries.size() * 72);
  ByteWriter out(content);
  out.u8(format_version);
  out.u64(group.position.value());
  out.zigzag(group.committed_at.seconds);
  out.varint(static_cast<std::uint64_t>(group.committed_at.nanoseconds));
  out.raw(previous_root);
  out.raw(group.rule_pack);
  out.text(group.new_rules ? ledger::RulePack::canonical_text(*group.new_rules) : std::string());
  out.varint(group.tallies.size());
  for (const ledger::Tally& tally : group.tallies) {
    out.text(tally.practice.view());
    out.varint(number_of(tally.month));
    out.u8(static_cast<std::uint8_t>(tally.code));
    out.varint(tally.count);
  }
  out.varint(group.entries.size());
  std::string entries;
  entries.reserve(group.entries.size() * 72);
  ByteWriter entry_out(entries);
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    if (i != 0 && i % entries_per_offset == 0) out.u32(static_cast<std::uint32_t>(entries.size()));
    LEDGER_ASSERT(group.entries[i].verdict.position.value() == group.position.value() + 1 + i);
    encode_entry(entry_out, group.entries[i], group.committed_at);
  }
  content += entries;
  return content;
}

void append_seal(std::string& record, const std::vector<ledger::Digest>& leaves,
                 const ledger::Seal& seal) {
  ByteWriter out(record);
  out.varint(leaves.size());
  for (const ledger::Digest& leaf : leaves) out.raw(leaf);
  out.raw(seal.root);
  out.text(seal.key_id);
  out.raw(seal.signature);
}

std::string fault_of_content(std::string_view content, const ledger::CommitGroup& group,
                             const ledger::Digest& previous_root) {
  ByteReader in(content);
  const auto head = decode_head(in);
  if (!head) {
    for (const ledger::Tally& tally : group.tallies) {
      const char* const field = field_out_of_bounds(tally);
      if (field != nullptr) return std::string("journal record, tally: ") + field;
    }
    const char* const field = field_out_of_bounds(group);
    return std::string("journal record: ") + (field == nullptr ? "its head" : field);
  }
  const char* const field = difference(head.value(), group, previous_root);
  if (field != nullptr) return std::string("journal record: ") + field;
  EntryReader entries(in, head.value());
  Entry read;
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    if (!entries.read(read)) return fault_of_entry(i, group.entries[i], nullptr);
    const char* const differing = difference(read, group.entries[i]);
    if (differing != nullptr) return fault_of_entry(i, group.entries[i], differing);
  }
  return in.is_complete() ? std::string() : "journal record: its end";
}

Result<JournalRecord> decode_record(std::string_view bytes) {
  ByteReader in(bytes);
  auto head = decode_head(in);
  if (!head) return head.error();
  std::vector<Entry> read(static_cast<std::size_t>(head.value().entry_count));
  EntryReader entries(in, head.value());
  for (Entry& entry : read) {
    if (!entries.read(entry)) return Errc::corrupt_record;
  }
  JournalRecord record;
  record.group = std::move(head.value().group);
  record.group.entries = std::move(read);
  record.previous_root = head.value().previous_root;
  record.content = bytes.substr(0, bytes.size() - in.left());
  const std::uint64_t leaves = in.varint();
  if (leaves > ledger::group_items_max || leaves > in.left() / 32) return Errc::corrupt_record;
  for (std::uint64_t i = 0; i < leaves; ++i) record.leaves.push_back(in.raw<32>());
  record.root = in.raw<32>();
  record.key_id = in.text();
  record.signature = in.raw<64>();
  if (!in.is_complete()) return Errc::corrupt_record;
  return record;
}

Result<Entry> decode_entry_at(std::string_view record, Position position) {
  ByteReader in(record);
  const auto head = decode_head(in);
  if (!head) return head.error();
  const std::uint64_t first = head.value().group.position.value() + 1;
  if (position.value() < first || position.value() >= first + head.value().entry_count) {
    return Errc::corrupt_record;
  }
  const std::uint64_t index = position.value() - first;
  std::uint64_t at = 0;
  if (index >= entries_per_offset) {
    const std::size_t slot = static_cast<std::size_t>(index / entries_per_offset) - 1;
    const std::uint32_t offset = ByteReader(head.value().offsets.substr(slot * 4)).u32();
    in.raw(offset);
    at = (slot + 1) * entries_per_offset;
  }
  Entry entry;
  for (; at <= index; ++at) {
    if (!decode_entry(in, Position{first + at}, head.value().group.committed_at, entry)) {
      return Errc::corrupt_record;
    }
  }
  return entry;
}

Result<bool> has_entry_at(std::string_view record, Position position) {
  ByteReader in(record);
  const auto head = decode_head(in);
  if (!head) return head.error();
  const std::uint64_t group = head.value().group.position.value();
  return position.value() > group && position.value() <= group + head.value().entry_count;
}

Result<Instant> decode_committed_at(std::string_view record) {
  ByteReader in(record);
  const auto head = decode_head(in);
  if (!head) return head.error();
  return head.value().group.committed_at;
}

}  // namespace storage
