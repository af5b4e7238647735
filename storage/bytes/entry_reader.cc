#include "storage/bytes/entry_format.h"
#include "storage/bytes/entry_kinds.h"
#include "storage/bytes/format_bounds.h"
#include "storage/bytes/format_elements.h"
#include "storage/crypto/crypto.h"

namespace storage {
using ledger::AccessLogEntry;
using ledger::ActEntry;
using ledger::CheckpointEntry;
using ledger::EncryptedNumber;
using ledger::Entry;
using ledger::Instant;
using ledger::Item;
using ledger::ItemEntry;
using ledger::ItemType;
using ledger::KeyEntry;
using ledger::Money;
using ledger::PersonEntry;
using ledger::PersonEvent;
using ledger::PersonEventType;
using ledger::Position;
using ledger::PracticeEntry;
using ledger::PracticeEvent;
using ledger::StatementEntry;

namespace {

/// Reads the stored form. What is not there reads as zero, and is_ok() of the reader tells.
class EntryReader {
 public:
  EntryReader(ByteReader& in, const EntryContext& context, StoredNumbers& numbers)
      : in_(in), context_(context), numbers_(numbers) {}

  bool read(Entry& entry);

 private:
  /// What goes further back than the beginning wraps, and so comes out as a later place.
  Position back() { return Position{context_.position.value() - in_.varint()}; }
  std::int64_t seconds() { return plus(context_.committed_at.seconds, in_.zigzag()); }
  std::int32_t fraction() { return in_.varint<std::int32_t>(); }
  /// Nanoseconds that are not zero, when a flag says that they are there.
  bool fraction(bool is_there, Instant& instant) {
    if (is_there) instant.nanoseconds = fraction();
    return is_there == (instant.nanoseconds != 0);
  }
  Instant time() {
    const std::int64_t whole = seconds();
    return {whole, fraction()};
  }
  bool new_practice(ledger::PracticeId& id) { return ledger::PracticeId::parse(in_.text(), id); }
  /// False when it is none.
  bool number(EncryptedNumber& number);
  bool texts(std::vector<std::string>& texts);
  /// How many follow, and at least a byte of each; 0 when that cannot be.
  std::size_t count(std::size_t most);

  bool read_item(unsigned type, ItemEntry& entry);
  bool read_person(unsigned type, PersonEntry& entry);
  bool read_practice(PracticeEntry& entry);
  bool read_joined(PersonEntry& entry);

  ByteReader& in_;
  const EntryContext& context_;
  StoredNumbers& numbers_;
  bool is_counted_ = true;  // no list was longer than what is left
};

bool EntryReader::number(EncryptedNumber& number) {
  const std::size_t before = in_.left();
  StoredNumber stored;
  switch (in_.u8()) {
    case 0: {
      const auto salt = in_.raw<16>();
      stored.number.bytes = in_.raw<16>();
      if (!in_.is_ok()) return false;
      stored.commitment = sha256(bytes_of(salt), bytes_of(stored.number.bytes));
      break;
    }
    case 1:
      stored.is_erased = true;
      stored.commitment = in_.raw<32>();
      break;
    default:
      return false;
  }
  number = stored.number;
  stored.left_before = before;
  stored.left_after = in_.left();
  numbers_.push_back(stored);
  return in_.is_ok();
}

std::size_t EntryReader::count(std::size_t most) {
  const std::uint64_t count = in_.varint();
  is_counted_ = is_counted_ && count <= most && count <= in_.left();
  return is_counted_ ? static_cast<std::size_t>(count) : 0;
}

bool EntryReader::texts(std::vector<std::string>& texts) {
  for (std::size_t left = count(ledger::practice_numbers_max); left > 0; --left) {
    texts.emplace_back(in_.text());
  }
  return is_counted_ && in_.is_ok();
}

bool EntryReader::read_item(unsigned type, ItemEntry& entry) {
  Item& item = entry.item;
  item.type = static_cast<ItemType>(type);
  const auto flags = in_.varint<std::uint32_t>();
  if (flags > item_flags) return false;
  const std::uint8_t bits = in_.u8();
  item.is_paid = (flags & item_paid) != 0;
  entry.is_new_practice = (flags & item_new_practice) != 0;
  entry.is_new_person = (flags & item_new_person) != 0;
  item.guid.bytes = in_.raw<16>();
  entry.practice = ledger::PracticeNumber{in_.varint<std::uint32_t>()};
  if (entry.is_new_practice && !new_practice(item.practice)) return false;
  entry.person = ledger::PersonId{in_.varint()};
  if (entry.is_new_person && !number(item.person)) return false;
  entry.is_erased = entry.is_new_person && numbers_.back().is_erased;
  entry.previous = back();
  entry.verdict = verdict_of(bits, context_.position);
  item.received.seconds = seconds();
  if (!fraction((flags & item_received_fraction) != 0, item.received)) return false;
  if (item.type != ItemType::copayment) {
    return (flags & (item_exemption | item_service_fraction)) == 0;
  }
  item.service_type = static_cast<ledger::ServiceType>(in_.u8());
  if ((flags & item_exemption) != 0) item.exemption = static_cast<char>(in_.u8());
  if (((flags & item_exemption) != 0) != (item.exemption != 0)) return false;
  item.service_time.seconds = minus(item.received.seconds, in_.zigzag());
  if (!fraction((flags & item_service_fraction) != 0, item.service_time)) return false;
  item.amount = Money::from_ore(in_.varint<std::int64_t>());
  return true;
}

bool EntryReader::read_person(unsigned type, PersonEntry& entry) {
  PersonEvent& event = entry.event;
  event.type = static_cast<PersonEventType>(type);
  entry.position = context_.position;
  const auto flags = in_.varint<std::uint32_t>();
  if (flags > event_flags) return false;
  entry.is_new_person = (flags & event_new) != 0;
  event.event_id.bytes = in_.raw<16>();
  event.received = time();
  entry.person = ledger::PersonId{in_.varint()};
  if (!number(event.person)) return false;
  if (event.has_other() && !number(event.other)) return false;
  for (const StoredNumber& stored : numbers_) entry.is_erased |= stored.is_erased;
  entry.previous = back();
  if ((flags & event_date) != 0) event.date = read_date(in_);
  if (event.type == PersonEventType::minimum_pension) return read_periods(in_, event.periods);
  if (event.type == PersonEventType::opted_in) {
    for (std::size_t left = count(ledger::meanwhile_max); left > 0; --left) {
      entry.meanwhile.push_back(back());
    }
    return is_counted_;
  }
  return !event.has_other() || read_joined(entry);
}

bool EntryReader::read_joined(PersonEntry& entry) {
  entry.other = ledger::PersonId{in_.varint()};
  entry.other_previous = back();
  for (std::size_t left = count(ledger::joined_years_max); left > 0; --left) {
    ledger::JoinedYear& joined = entry.years.emplace_back();
    joined.year = in_.varint<int>();
    joined.kept = back();
    joined.other = back();
  }
  return is_counted_;
}

bool EntryReader::read_practice(PracticeEntry& entry) {
  PracticeEvent& event = entry.event;
  entry.position = context_.position;
  const auto flags = in_.varint<std::uint32_t>();
  if (flags > event_new) return false;
  entry.is_new_practice = flags == event_new;
  event.event_id.bytes = in_.raw<16>();
  event.received = time();
  entry.practice = ledger::PracticeNumber{in_.varint<std::uint32_t>()};
  if (entry.is_new_practice && !new_practice(event.practice)) return false;
  entry.previous = back();
  event.name = in_.text();
  event.type = in_.text();
  if (!texts(event.organisation_numbers) || !texts(event.hpr_numbers)) return false;
  for (std::size_t left = count(ledger::practice_numbers_max); left > 0; --left) {
    if (!number(event.practitioners.emplace_back())) return false;
    entry.is_erased |= numbers_.back().is_erased;
  }
  return read_periods(in_, event.agreements);
}

bool EntryReader::read(Entry& entry) {
  const unsigned kind = in_.u8();
  if (kind > kind_item && kind <= kind_item + 3) {
    return read_item(kind - kind_item, entry.emplace<ItemEntry>());
  }
  if (kind > kind_person_event && kind <= kind_person_event + ledger::person_event_type_count) {
    return read_person(kind - kind_person_event, entry.emplace<PersonEntry>());
  }
  switch (kind) {
    case kind_practice_event:
      return read_practice(entry.emplace<PracticeEntry>());
    case kind_statement: {
      auto& statement = entry.emplace<StatementEntry>();
      statement.position = context_.position;
      statement.made_at = time();
      statement.year = in_.varint<int>();
      statement.number = in_.varint<std::uint32_t>();
      statement.up_to = back();
      statement.manifest = in_.raw<32>();
      return true;
    }
    case kind_key: {
      auto& key = entry.emplace<KeyEntry>();
      key.position = context_.position;
      key.made_at = time();
      key.key = in_.raw<32>();
      key.signature = in_.raw<64>();
      return true;
    }
    case kind_access_log: {
      auto& head = entry.emplace<AccessLogEntry>();
      head.position = context_.position;
      head.at = time();
      head.node = in_.varint<std::uint32_t>();
      head.blocks = in_.varint();
      head.root = in_.raw<32>();
      return true;
    }
    case kind_checkpoint: {
      auto& checkpoint = entry.emplace<CheckpointEntry>();
      checkpoint.position = context_.position;
      checkpoint.up_to = back();
      checkpoint.checksum = in_.raw<16>();
      return true;
    }
    case kind_act: {
      auto& act = entry.emplace<ActEntry>();
      act.position = context_.position;
      act.at = time();
      act.by = in_.text();
      act.act = in_.text();
      act.of = in_.text();
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

// As in a record that was committed in 1970: so a note needs nothing but its position.
std::string encode_note(const Entry& note) {
  std::string bytes;
  ByteWriter out(bytes);
  StoredNumbers numbers;
  encode_entry(out, note, {position_of(note), Instant()}, SaltSecret(), numbers);
  return bytes;
}

ledger::Result<Entry> decode_note(std::string_view key, std::string_view bytes) {
  Entry note;
  ByteReader in(bytes);
  StoredNumbers numbers;
  const bool is_read = decode_entry(in, {decode_journal_key(key), Instant()}, note, numbers);
  const bool is_note =
      std::holds_alternative<StatementEntry>(note) || std::holds_alternative<KeyEntry>(note) ||
      std::holds_alternative<ActEntry>(note) || std::holds_alternative<PracticeEntry>(note);
  if (!is_read || !in.is_complete() || !is_note) return ledger::Errc::corrupt_record;
  return note;
}

bool is_kind_of_entry(unsigned kind) {
  if (kind > kind_item && kind <= kind_item + 3) return true;
  if (kind > kind_person_event) {
    if (kind <= kind_person_event + ledger::person_event_type_count) return true;
  }
  return kind == kind_practice_event || (kind >= kind_statement && kind <= kind_act);
}

std::vector<EncryptedNumber> numbers_of(const Entry& entry) {
  if (const ItemEntry* const item = item_of(entry)) {
    return item->is_new_person ? std::vector{item->item.person} : std::vector<EncryptedNumber>();
  }
  if (const auto* const person = std::get_if<PersonEntry>(&entry)) {
    if (!person->event.has_other()) return {person->event.person};
    return {person->event.person, person->event.other};
  }
  const auto* const practice = std::get_if<PracticeEntry>(&entry);
  return practice == nullptr ? std::vector<EncryptedNumber>() : practice->event.practitioners;
}

bool decode_entry(ByteReader& in, const EntryContext& context, Entry& entry,
                  StoredNumbers& numbers) {
  numbers.clear();
  return EntryReader(in, context, numbers).read(entry) && in.is_ok() &&
         field_out_of_bounds(entry) == nullptr;
}

}  // namespace storage
