#include <algorithm>
#include <array>

#include "ledger/values/assert.h"
#include "storage/bytes/entry_format.h"
#include "storage/bytes/entry_kinds.h"
#include "storage/bytes/format_elements.h"
#include "storage/crypto/crypto.h"

namespace storage {
namespace {

using ledger::AccessLogEntry;
using ledger::ActEntry;
using ledger::CheckpointEntry;
using ledger::Date;
using ledger::EncryptedNumber;
using ledger::Entry;
using ledger::Instant;
using ledger::Item;
using ledger::ItemEntry;
using ledger::ItemType;
using ledger::KeyEntry;
using ledger::PersonEntry;
using ledger::PersonEvent;
using ledger::PersonEventType;
using ledger::Position;
using ledger::PracticeEntry;
using ledger::PracticeEvent;
using ledger::StatementEntry;

/// Writes one entry in either form.
class EntryWriter {
 public:
  /// The stored form, relative to the record.
  EntryWriter(ByteWriter& out, const EntryContext& context, const SaltSecret& salts,
              StoredNumbers& numbers)
      : out_(out),
        base_(context.committed_at),
        position_(context.position),
        salts_(&salts),
        written_(&numbers) {}
  /// The leaf: nothing is left to others.
  EntryWriter(ByteWriter& out, const StoredNumbers& numbers) : out_(out), known_(&numbers) {}

  void write(const Entry& entry) {
    if (is_leaf()) position_ = position_of(entry);
    std::visit([this](const auto& kind) { put(kind); }, entry);
  }

 private:
  bool is_leaf() const { return known_ != nullptr; }

  void head(unsigned kind) {
    out_.u8(static_cast<std::uint8_t>(kind));
    if (is_leaf()) out_.varint(position_.value());
  }
  void back(Position to) { out_.varint(position_.value() - to.value()); }
  void seconds(Instant instant) { out_.zigzag(instant.seconds - base_.seconds); }
  void fraction(Instant instant) { out_.varint(static_cast<std::uint64_t>(instant.nanoseconds)); }
  void time(Instant instant) {
    seconds(instant);
    fraction(instant);
  }
  void practice(ledger::PracticeNumber number, const ledger::PracticeId& id, bool is_new) {
    out_.varint(number.value());
    if (is_leaf() || is_new) out_.text(id.view());
  }
  void number(const EncryptedNumber& number);
  void date(Date day) { out_.zigzag(days_of(day)); }
  void texts(const std::vector<std::string>& texts);

  void put(const ItemEntry& entry);
  void put(const PersonEntry& entry);
  void put(const PracticeEntry& entry);
  void put(const StatementEntry& entry);
  void put(const KeyEntry& entry);
  void put(const AccessLogEntry& entry);
  void put(const CheckpointEntry& entry);
  void put(const ActEntry& entry);

  ByteWriter& out_;
  const Instant base_{};
  Position position_;
  const SaltSecret* salts_ = nullptr;
  StoredNumbers* written_ = nullptr;
  const StoredNumbers* known_ = nullptr;
  std::size_t next_known_ = 0;
};

/// A leaf has the hash, and so stays what it is when the number is erased.
void EntryWriter::number(const EncryptedNumber& number) {
  if (is_leaf()) {
    LEDGER_ASSERT(next_known_ < known_->size());
    return out_.raw((*known_)[next_known_++].commitment);
  }
  std::array<std::uint8_t, 16> place{};
  std::string place_bytes;
  ByteWriter place_out(place_bytes);
  place_out.u64(position_.value());
  place_out.u64(written_->size());
  const ledger::Digest drawn = sha256(bytes_of(*salts_), place_bytes);
  std::copy_n(drawn.begin(), place.size(), place.begin());
  out_.u8(0);
  out_.raw(place);
  out_.raw(number.bytes);
  written_->push_back({sha256(bytes_of(place), bytes_of(number.bytes)), number, false, 0, 0});
}

void EntryWriter::texts(const std::vector<std::string>& texts) {
  out_.varint(texts.size());
  for (const std::string& text : texts) out_.text(text);
}

void EntryWriter::put(const ItemEntry& entry) {
  const Item& item = entry.item;
  const bool is_copayment = item.type == ItemType::copayment;
  const bool has_received_fraction = item.received.nanoseconds != 0;
  const bool has_service_fraction = is_copayment && item.service_time.nanoseconds != 0;
  head(kind_item + static_cast<unsigned>(item.type));
  out_.varint((item.is_paid ? item_paid : 0) | (item.exemption != 0 ? item_exemption : 0) |
              (entry.is_new_practice ? item_new_practice : 0) |
              (entry.is_new_person ? item_new_person : 0) |
              (has_received_fraction ? item_received_fraction : 0) |
              (has_service_fraction ? item_service_fraction : 0));
  out_.u8(verdict_bits(entry.verdict));
  out_.raw(item.guid.bytes);
  practice(entry.practice, item.practice, entry.is_new_practice);
  out_.varint(entry.person.value());
  if (entry.is_new_person) number(item.person);
  back(entry.previous);
  seconds(item.received);
  if (has_received_fraction) fraction(item.received);
  if (!is_copayment) return;
  out_.u8(static_cast<std::uint8_t>(item.service_type));
  if (item.exemption != 0) out_.u8(static_cast<std::uint8_t>(item.exemption));
  out_.zigzag(item.received.seconds - item.service_time.seconds);
  if (has_service_fraction) fraction(item.service_time);
  out_.varint(static_cast<std::uint64_t>(item.amount.ore()));
}

void EntryWriter::put(const PersonEntry& entry) {
  const PersonEvent& event = entry.event;
  head(kind_person_event + static_cast<unsigned>(event.type));
  out_.varint((entry.is_new_person ? event_new : 0) | (event.date ? event_date : 0));
  out_.raw(event.event_id.bytes);
  time(event.received);
  out_.varint(entry.person.value());
  number(event.person);
  if (event.has_other()) number(event.other);
  back(entry.previous);
  if (event.date) date(*event.date);
  if (event.type == PersonEventType::minimum_pension) write_periods(out_, event.periods);
  if (event.type == PersonEventType::opted_in) {
    out_.varint(entry.meanwhile.size());
    for (const Position position : entry.meanwhile) back(position);
  }
  if (!event.has_other()) return;
  out_.varint(entry.other.value());
  back(entry.other_previous);
  out_.varint(entry.years.size());
  for (const ledger::JoinedYear& joined : entry.years) {
    out_.varint(static_cast<std::uint64_t>(joined.year));
    back(joined.kept);
    back(joined.other);
  }
}

void EntryWriter::put(const PracticeEntry& entry) {
  const PracticeEvent& event = entry.event;
  head(kind_practice_event);
  out_.varint(entry.is_new_practice ? event_new : 0);
  out_.raw(event.event_id.bytes);
  time(event.received);
  practice(entry.practice, event.practice, entry.is_new_practice);
  back(entry.previous);
  out_.text(event.name);
  out_.text(event.type);
  texts(event.organisation_numbers);
  texts(event.hpr_numbers);
  out_.varint(event.practitioners.size());
  for (const EncryptedNumber& practitioner : event.practitioners) number(practitioner);
  write_periods(out_, event.agreements);
}

void EntryWriter::put(const StatementEntry& entry) {
  head(kind_statement);
  time(entry.made_at);
  out_.varint(static_cast<std::uint64_t>(entry.year));
  out_.varint(entry.number);
  back(entry.up_to);
  out_.raw(entry.manifest);
}

void EntryWriter::put(const KeyEntry& entry) {
  head(kind_key);
  time(entry.made_at);
  out_.raw(entry.key);
  out_.raw(entry.signature);
}

void EntryWriter::put(const AccessLogEntry& entry) {
  head(kind_access_log);
  time(entry.at);
  out_.varint(entry.node);
  out_.varint(entry.blocks);
  out_.raw(entry.root);
}

void EntryWriter::put(const CheckpointEntry& entry) {
  head(kind_checkpoint);
  back(entry.up_to);
  out_.raw(entry.checksum);
}

void EntryWriter::put(const ActEntry& entry) {
  head(kind_act);
  time(entry.at);
  out_.text(entry.by);
  out_.text(entry.act);
  out_.text(entry.of);
}

}  // namespace

void encode_entry(ByteWriter& out, const Entry& entry, const EntryContext& context,
                  const SaltSecret& salts, StoredNumbers& numbers) {
  numbers.clear();
  EntryWriter(out, context, salts, numbers).write(entry);
}

void encode_leaf(std::string& out, const Entry& entry, const StoredNumbers& numbers) {
  ByteWriter bytes(out);
  EntryWriter(bytes, numbers).write(entry);
}

}  // namespace storage
