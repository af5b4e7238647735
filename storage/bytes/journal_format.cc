#include <algorithm>

#include "ledger/values/assert.h"
#include "storage/bytes/byte_codec.h"
#include "storage/bytes/entry_format.h"
#include "storage/bytes/format.h"
#include "storage/bytes/format_bounds.h"
#include "storage/bytes/format_elements.h"
#include "storage/bytes/merkle.h"

namespace storage {
namespace {

using ledger::Entry;
using ledger::Errc;
using ledger::Instant;
using ledger::Item;
using ledger::ItemEntry;
using ledger::ItemType;
using ledger::Position;
using ledger::Result;

constexpr std::size_t entries_per_offset = 64;
constexpr std::uint8_t kind_tallies = 3;  // STORED
/// What an entry takes, and a little more.
constexpr std::size_t entry_bytes = 72;

/// The part of a record before its entries.
struct Head {
  ledger::CommitGroup group;
  ledger::Digest previous_root{};
  std::uint64_t entry_count = 0;
  std::string_view header;
  std::string_view tallies;
  std::string_view offsets;
};

Result<void> decode_header(ByteReader& in, Head& head) {
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
  head.entry_count = in.varint();
  return head.entry_count > ledger::group_items_max ? Result<void>(Errc::corrupt_record)
                                                    : ledger::ok();
}

Result<void> decode_tallies(ByteReader& in, std::vector<ledger::Tally>& read) {
  if (in.u8() != kind_tallies) return Errc::corrupt_record;
  const std::uint64_t tallies = in.varint();
  for (std::uint64_t i = 0; i < tallies && in.is_ok(); ++i) {
    ledger::Tally& tally = read.emplace_back();
    const std::string_view practice = in.text();
    const bool is_practice =
        practice.empty() || ledger::PracticeId::parse(practice, tally.practice);
    tally.month = month_of_number(in.varint<std::uint32_t>());
    tally.code = static_cast<ledger::Code>(in.u8());
    tally.count = in.varint();
    if (!is_practice || field_out_of_bounds(tally) != nullptr) return Errc::corrupt_record;
  }
  return ledger::ok();
}

Result<Head> decode_head(std::string_view bytes, ByteReader& in) {
  Head head;
  const auto header = decode_header(in, head);
  if (!header) return header.error();
  head.header = bytes.substr(0, bytes.size() - in.left());
  const auto tallies = decode_tallies(in, head.group.tallies);
  if (!tallies) return tallies.error();
  const std::size_t end = bytes.size() - in.left();
  head.tallies = bytes.substr(head.header.size(), end - head.header.size());
  const std::uint64_t offsets =
      head.entry_count == 0 ? 0 : (head.entry_count - 1) / entries_per_offset;
  head.offsets = in.raw(static_cast<std::size_t>(offsets) * 4);
  if (!in.is_ok() || field_out_of_bounds(head.group) != nullptr) return Errc::corrupt_record;
  return head;
}

/// Reads the entries of a record one after another.
class EntrySequence {
 public:
  /// `in` stands at the first one. Both must stay.
  EntrySequence(ByteReader& in, const Head& head)
      : in_(in), head_(head), offsets_(head.offsets), left_at_first_(in.left()) {}

  /// False when it is damaged, or does not begin where an offset says.
  bool read(Entry& entry) {
    const std::uint64_t index = next_++;
    const bool has_offset = index != 0 && index % entries_per_offset == 0;
    if (has_offset && offsets_.u32() != left_at_first_ - in_.left()) return false;
    return decode_entry(
        in_, {Position{head_.group.position.value() + 1 + index}, head_.group.committed_at}, entry,
        numbers_);
  }
  /// Of the entry that was read last.
  StoredNumbers& numbers() { return numbers_; }

 private:
  ByteReader& in_;
  const Head& head_;
  ByteReader offsets_;
  const std::size_t left_at_first_;
  std::uint64_t next_ = 0;
  StoredNumbers numbers_;
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

const char* difference(const ItemEntry& read, const ItemEntry& meant) {
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

/// Of entries that are rare: their leaves are compared.
const char* difference_of_rare(const Entry& read, const Entry& meant,
                               const StoredNumbers& numbers) {
  if (read.index() != meant.index()) return "kind";
  Entry complete = read;
  auto* const practice = std::get_if<ledger::PracticeEntry>(&complete);
  if (practice != nullptr && !practice->is_new_practice) {
    practice->event.practice = std::get<ledger::PracticeEntry>(meant).event.practice;
  }
  std::string leaf;
  std::string meant_leaf;
  encode_leaf(leaf, complete, numbers);
  encode_leaf(meant_leaf, meant, numbers);
  return leaf == meant_leaf && numbers_of(read) == numbers_of(meant) ? nullptr : "content";
}

const char* difference(const Entry& read, const Entry& meant, const StoredNumbers& numbers) {
  const ItemEntry* const item = item_of(read);
  const ItemEntry* const meant_item = item_of(meant);
  if (item != nullptr && meant_item != nullptr) return difference(*item, *meant_item);
  return difference_of_rare(read, meant, numbers);
}

/// Why an entry does not come back, for people; asked when it is known that it does not.
std::string fault_of_entry(std::size_t index, const Entry& meant, const char* differing) {
  const char* field = field_out_of_bounds(meant);
  if (field == nullptr) field = differing == nullptr ? "its bytes" : differing;
  return "journal record, entry " + std::to_string(index) + ": " + field;
}

void encode_header(ByteWriter& out, const ledger::CommitGroup& group,
                   const ledger::Digest& previous_root) {
  out.u8(format_version);
  out.u64(group.position.value());
  out.zigzag(group.committed_at.seconds);
  out.varint(static_cast<std::uint64_t>(group.committed_at.nanoseconds));
  out.raw(previous_root);
  out.raw(group.rule_pack);
  out.text(group.new_rules ? ledger::RulePack::canonical_text(*group.new_rules) : std::string());
  out.varint(group.entries.size());
}

void encode_tallies(ByteWriter& out, const std::vector<ledger::Tally>& tallies) {
  out.u8(kind_tallies);
  out.varint(tallies.size());
  for (const ledger::Tally& tally : tallies) {
    out.text(tally.practice.view());
    out.varint(number_of(tally.month));
    out.u8(static_cast<std::uint8_t>(tally.code));
    out.varint(tally.count);
  }
}

/// Appends the offsets and the entries, and the hashes of the entries' leaves.
void encode_entries(EncodedContent& content, const ledger::CommitGroup& group,
                    const SaltSecret& salts) {
  std::string entries;
  entries.reserve(group.entries.size() * entry_bytes);
  ByteWriter offsets(content.bytes);
  ByteWriter out(entries);
  std::string leaf;
  StoredNumbers numbers;
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    if (i != 0 && i % entries_per_offset == 0) {
      offsets.u32(static_cast<std::uint32_t>(entries.size()));
    }
    const Entry& entry = group.entries[i];
    const Position position{group.position.value() + 1 + i};
    LEDGER_ASSERT(position_of(entry) == position);
    encode_entry(out, entry, {position, group.committed_at}, salts, numbers);
    leaf.clear();
    encode_leaf(leaf, entry, numbers);
    content.leaves.push_back(MerkleTree::leaf_hash(leaf));
  }
  content.bytes += entries;
}

}  // namespace

std::string journal_key(Position position) {
  std::string key;
  ByteWriter(key).u64(position.value());
  return key;
}

Position decode_journal_key(std::string_view key) { return Position{ByteReader(key).u64()}; }

EncodedContent encode_content(const ledger::CommitGroup& group, const ledger::Digest& previous_root,
                              const SaltSecret& salts) {
  EncodedContent content;
  content.bytes.reserve(256 + group.entries.size() * entry_bytes);
  content.leaves.reserve(group.entries.size() + 2);
  ByteWriter out(content.bytes);
  encode_header(out, group, previous_root);
  content.leaves.push_back(MerkleTree::leaf_hash(content.bytes));
  const std::size_t header = content.bytes.size();
  encode_tallies(out, group.tallies);
  content.leaves.push_back(MerkleTree::leaf_hash(std::string_view(content.bytes).substr(header)));
  encode_entries(content, group, salts);
  return content;
}

void append_seal(std::string& record, std::span<const ledger::Digest> leaves,
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
  const auto head = decode_head(content, in);
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
  EntrySequence entries(in, head.value());
  Entry read;
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    if (!entries.read(read)) return fault_of_entry(i, group.entries[i], nullptr);
    const char* const differing = difference(read, group.entries[i], entries.numbers());
    if (differing != nullptr) return fault_of_entry(i, group.entries[i], differing);
  }
  return in.is_complete() ? std::string() : "journal record: its end";
}

Result<JournalRecord> decode_record(std::string_view bytes) {
  ByteReader in(bytes);
  auto head = decode_head(bytes, in);
  if (!head) return head.error();
  JournalRecord record;
  std::vector<Entry> read(static_cast<std::size_t>(head.value().entry_count));
  EntrySequence entries(in, head.value());
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (!entries.read(read[i])) return Errc::corrupt_record;
    if (!entries.numbers().empty()) record.numbers.emplace_back(i, std::move(entries.numbers()));
  }
  record.group = std::move(head.value().group);
  record.group.entries = std::move(read);
  record.previous_root = head.value().previous_root;
  record.header = head.value().header;
  record.tallies = head.value().tallies;
  record.whole = bytes;
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

std::string fault_of_record(std::string_view bytes) {
  ByteReader in(bytes);
  const unsigned format = bytes.empty() ? 0 : static_cast<std::uint8_t>(bytes.front());
  if (format == 1) {
    return "was written in format 1, before the first release; remedy: load its items into a new "
           "ledger";
  }
  const auto head = decode_head(bytes, in);
  if (head) {
    EntrySequence entries(in, head.value());
    Entry entry;
    for (std::uint64_t i = 0; i < head.value().entry_count; ++i) {
      const std::size_t at = bytes.size() - in.left();
      if (entries.read(entry)) continue;
      const unsigned kind = at < bytes.size() ? static_cast<std::uint8_t>(bytes[at]) : 0;
      if (is_kind_of_entry(kind)) break;
      return "has an entry of kind " + std::to_string(kind) + " at place " +
             std::to_string(head.value().group.position.value() + 1 + i) +
             ", which this program does not know: a newer one wrote it, or it is damaged";
    }
  }
  return "does not decode: its bytes were cut short or changed, or were not written by this "
         "program";
}

std::vector<ledger::Digest> leaves_of(const JournalRecord& record) {
  std::vector<ledger::Digest> leaves;
  leaves.reserve(2 + record.group.entries.size() + record.leaves.size());
  leaves.push_back(MerkleTree::leaf_hash(record.header));
  leaves.push_back(MerkleTree::leaf_hash(record.tallies));
  static const StoredNumbers none;
  auto numbers = record.numbers.begin();
  std::string leaf;
  for (std::size_t i = 0; i < record.group.entries.size(); ++i) {
    const bool has_numbers = numbers != record.numbers.end() && numbers->first == i;
    leaf.clear();
    encode_leaf(leaf, record.group.entries[i], has_numbers ? numbers->second : none);
    if (has_numbers) ++numbers;
    leaves.push_back(MerkleTree::leaf_hash(leaf));
  }
  leaves.insert(leaves.end(), record.leaves.begin(), record.leaves.end());
  return leaves;
}

Result<Entry> decode_entry_at(std::string_view record, Position position) {
  ByteReader in(record);
  const auto head = decode_head(record, in);
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
  StoredNumbers numbers;
  for (; at <= index; ++at) {
    const EntryContext context{Position{first + at}, head.value().group.committed_at};
    if (!decode_entry(in, context, entry, numbers)) return Errc::corrupt_record;
  }
  return entry;
}

Result<bool> has_entry_at(std::string_view record, Position position) {
  ByteReader in(record);
  const auto head = decode_head(record, in);
  if (!head) return head.error();
  const std::uint64_t group = head.value().group.position.value();
  return position.value() > group && position.value() <= group + head.value().entry_count;
}

Result<Instant> decode_committed_at(std::string_view record) {
  ByteReader in(record);
  const auto head = decode_head(record, in);
  if (!head) return head.error();
  return head.value().group.committed_at;
}

Result<ledger::RulePackHash> decode_rule_pack(std::string_view record) {
  ByteReader in(record);
  const auto head = decode_head(record, in);
  if (!head) return head.error();
  return head.value().group.rule_pack;
}

}  // namespace storage
