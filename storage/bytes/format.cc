#include "storage/bytes/format.h"

#include <bit>

#include "storage/bytes/byte_codec.h"
#include "storage/bytes/format_bounds.h"
#include "storage/bytes/format_elements.h"

namespace storage {

using ledger::Code;
using ledger::Errc;
using ledger::Money;
using ledger::Position;
using ledger::Result;

std::string_view Row::checksum_content(std::string_view bytes) {
  ByteReader in(bytes);
  return in.text();
}

RegistrationKey registration_key(const ledger::Fingerprint& fingerprint) {
  const std::array<std::uint64_t, 2> words{boost::endian::native_to_big(fingerprint.high),
                                           boost::endian::native_to_big(fingerprint.low)};
  return std::bit_cast<RegistrationKey>(words);
}

ledger::Fingerprint decode_registration_key(std::string_view key) {
  ByteReader in(key);
  ledger::Fingerprint fingerprint;
  fingerprint.high = in.u64();
  fingerprint.low = in.u64();
  return fingerprint;
}

void encode_registration(const ledger::Registration& registration, std::string& out) {
  thread_local std::string content;
  content.clear();
  ByteWriter in_content(content);
  in_content.varint(registration.person.value());
  in_content.u64(registration.content_hash);
  in_content.varint(static_cast<std::uint64_t>(registration.amount.ore()));
  in_content.zigzag(days_of(registration.service_date));
  unsigned flags = 0;
  if (registration.is_paid) flags |= 1;
  if (registration.is_credited) flags |= 2;
  if (registration.payment.is_given()) flags |= 4;
  if (registration.credit_note.is_given()) flags |= 8;
  if (registration.is_counted) flags |= 16;
  in_content.u8(static_cast<std::uint8_t>(flags));
  in_content.u8(verdict_bits(registration.reported));
  if (registration.payment.is_given()) in_content.u8(verdict_bits(registration.payment));
  if (registration.credit_note.is_given()) in_content.u8(verdict_bits(registration.credit_note));

  out.clear();
  ByteWriter row(out);
  row.text(content);
  row.varint(registration.reported.position.value());
  if (registration.payment.is_given()) row.varint(registration.payment.position.value());
  if (registration.credit_note.is_given()) row.varint(registration.credit_note.position.value());
}

Result<ledger::Registration> decode_registration(std::string_view bytes) {
  ByteReader row(bytes);
  ByteReader in(row.text());
  ledger::Registration registration;
  registration.person = ledger::PersonId{in.varint()};
  registration.content_hash = in.u64();
  registration.amount = Money::from_ore(in.varint<std::int64_t>());
  registration.service_date = date_of(in.zigzag());
  const unsigned flags = in.u8();
  if (flags > 31) return Errc::corrupt_record;
  registration.is_paid = (flags & 1U) != 0;
  registration.is_credited = (flags & 2U) != 0;
  registration.is_counted = (flags & 16U) != 0;
  registration.reported = verdict_of(in.u8(), Position{row.varint()});
  if ((flags & 4U) != 0) registration.payment = verdict_of(in.u8(), Position{row.varint()});
  if ((flags & 8U) != 0) registration.credit_note = verdict_of(in.u8(), Position{row.varint()});
  if (!in.is_complete() || !row.is_complete()) return Errc::corrupt_record;
  // What has a verdict has a place.
  if (registration.payment.is_given() != ((flags & 4U) != 0)) return Errc::corrupt_record;
  if (registration.credit_note.is_given() != ((flags & 8U) != 0)) return Errc::corrupt_record;
  if (field_out_of_bounds(registration) != nullptr) return Errc::corrupt_record;
  return registration;
}

std::string number_key(const ledger::EncryptedNumber& number) {
  return {reinterpret_cast<const char*>(number.bytes.data()), number.bytes.size()};
}

ledger::EncryptedNumber decode_number_key(std::string_view key) {
  return {ByteReader(key).raw<16>()};
}

std::string person_key(ledger::PersonId person) {
  std::string key;
  ByteWriter(key).u64(person.value());
  return key;
}

ledger::PersonId decode_person_key(std::string_view key) {
  return ledger::PersonId{ByteReader(key).u64()};
}

std::string encode_person_id(ledger::PersonId person) {
  std::string bytes;
  ByteWriter(bytes).varint(person.value());
  return bytes;
}

std::string encode_numbers(const std::vector<ledger::EncryptedNumber>& numbers) {
  std::string bytes;
  for (const ledger::EncryptedNumber& number : numbers) bytes += number_key(number);
  return bytes;
}

Result<std::vector<ledger::EncryptedNumber>> decode_numbers(std::string_view bytes) {
  std::vector<ledger::EncryptedNumber> numbers(bytes.size() / 16);
  if (bytes.size() % 16 != 0 || numbers.size() > ledger::person_numbers_max) {
    return Errc::corrupt_record;
  }
  ByteReader in(bytes);
  for (ledger::EncryptedNumber& number : numbers) number.bytes = in.raw<16>();
  return numbers;
}

Result<ledger::PersonId> decode_person_id(std::string_view bytes) {
  ByteReader in(bytes);
  const ledger::PersonId person{in.varint()};
  if (!in.is_complete() || person > ledger::person_max) return Errc::corrupt_record;
  return person;
}

std::string practice_key(ledger::PracticeNumber number) {
  std::string key;
  ByteWriter(key).u32(number.value());
  return key;
}

ledger::PracticeNumber decode_practice_key(std::string_view key) {
  return ledger::PracticeNumber{ByteReader(key).u32()};
}

std::string encode_practice(ledger::PracticeNumber number, const ledger::Practice& practice,
                            const ledger::RegisteredPractice* registered) {
  std::string bytes;
  ByteWriter out(bytes);
  out.text(practice.id.view());
  out.zigzag(days_of(practice.first_received));
  out.zigzag(days_of(practice.last_received));
  out.varint(practice.active_days);
  if (registered == nullptr) return bytes;
  ledger::PracticeEntry entry;
  entry.event = registered->event;
  entry.position = registered->position;
  entry.practice = number;
  out.u64(registered->position.value());
  out.raw(encode_note(entry));
  return bytes;
}

Result<StoredPractice> decode_practice(std::string_view bytes) {
  ByteReader in(bytes);
  StoredPractice stored{};
  ledger::Practice& practice = stored.practice;
  const bool is_id = ledger::PracticeId::parse(in.text(), practice.id);
  practice.first_received = date_of(in.zigzag());
  practice.last_received = date_of(in.zigzag());
  practice.active_days = in.varint<std::uint32_t>();
  if (!is_id || !in.is_ok()) return Errc::corrupt_record;
  if (field_out_of_bounds(practice) != nullptr) return Errc::corrupt_record;
  if (in.is_complete()) return stored;
  const std::string_view position = in.raw(8);
  const auto note = decode_note(position, in.raw(in.left()));
  if (!note) return note.error();
  const auto* const entry = std::get_if<ledger::PracticeEntry>(&note.value());
  if (entry == nullptr) return Errc::corrupt_record;
  stored.registered = ledger::RegisteredPractice{entry->event, entry->position};
  stored.registered->event.practice = practice.id;
  stored.number = entry->practice;
  return stored;
}

void encode_practice_content(const ledger::PracticeEvent& event, std::string& out) {
  out.clear();
  ByteWriter bytes(out);
  bytes.text(event.name);
  bytes.text(event.type);
  for (const auto* const numbers : {&event.organisation_numbers, &event.hpr_numbers}) {
    bytes.varint(numbers->size());
    for (const std::string& number : *numbers) bytes.text(number);
  }
  bytes.varint(event.practitioners.size());
  write_periods(bytes, event.agreements);
}

std::string timeliness_key(const ledger::TimelinessKey& key) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u32(key.practice.value());
  out.u8(static_cast<std::uint8_t>(key.basis));
  out.u32(number_of(key.month));
  return bytes;
}

ledger::TimelinessKey decode_timeliness_key(std::string_view key) {
  ByteReader in(key);
  ledger::TimelinessKey decoded;
  decoded.practice = ledger::PracticeNumber{in.u32()};
  decoded.basis = static_cast<ledger::Basis>(in.u8());
  decoded.month = month_of_number(in.u32());
  return decoded;
}

std::string encode_timeliness(const ledger::TimelinessMonth& month) {
  std::string bytes;
  ByteWriter out(bytes);
  std::uint64_t used = 0;
  for (const std::uint32_t count : month.by_lag) used += count != 0 ? 1 : 0;
  out.varint(used);
  for (std::size_t lag = 0; lag < month.by_lag.size(); ++lag) {
    if (month.by_lag[lag] == 0) continue;
    out.varint(lag);
    out.varint(month.by_lag[lag]);
  }
  out.varint(month.duplicates);
  out.varint(month.rejected.size());
  for (const auto& [code, count] : month.rejected) {
    out.u8(static_cast<std::uint8_t>(code));
    out.varint(count);
  }
  return bytes;
}

Result<ledger::TimelinessMonth> decode_timeliness(std::string_view bytes) {
  ByteReader in(bytes);
  ledger::TimelinessMonth month;
  const std::uint64_t used = in.varint();
  for (std::uint64_t i = 0; i < used && in.is_ok(); ++i) {
    const std::uint64_t lag = in.varint();
    const auto count = in.varint<std::uint32_t>();
    const bool is_next = lag >= month.by_lag.size() && lag <= ledger::lag_days_max;
    if (!is_next || count == 0) return Errc::corrupt_record;
    month.add_lag(static_cast<std::uint32_t>(lag), count);
  }
  month.duplicates = in.varint();
  const std::uint64_t rejected = in.varint();
  for (std::uint64_t i = 0; i < rejected && in.is_ok(); ++i) {
    const auto code = static_cast<Code>(in.u8());
    if (i != 0 && code <= month.rejected.back().first) return Errc::corrupt_record;
    month.rejected.emplace_back(code, in.varint());
  }
  if (!in.is_complete() || field_out_of_bounds(month) != nullptr) return Errc::corrupt_record;
  return month;
}

std::string encode_refusals(const ledger::Refusals& refusals) {
  std::string bytes;
  ByteWriter out(bytes);
  out.varint(refusals.size());
  for (const auto& [month, refused] : refusals) {
    out.varint(number_of(month));
    out.text(encode_timeliness(refused));
  }
  return bytes;
}

Result<ledger::Refusals> decode_refusals(std::string_view bytes) {
  ByteReader in(bytes);
  ledger::Refusals refusals;
  const std::uint64_t months = in.varint();
  for (std::uint64_t i = 0; i < months && in.is_ok(); ++i) {
    const ledger::Month month = month_of_number(in.varint<std::uint32_t>());
    const auto refused = decode_timeliness(in.text());
    const bool is_next = refusals.empty() || refusals.rbegin()->first < month;
    if (!is_next || !refused) return Errc::corrupt_record;
    refusals.emplace_hint(refusals.end(), month, refused.value());
  }
  if (!in.is_complete() || field_out_of_bounds(refusals) != nullptr) return Errc::corrupt_record;
  return refusals;
}

void encode_lag_content(const ledger::PracticeId& practice, ledger::Basis basis,
                        ledger::Month month, std::uint32_t lag, std::string& out) {
  out.clear();
  ByteWriter bytes(out);
  bytes.text(practice.view());
  bytes.u8(static_cast<std::uint8_t>(basis));
  bytes.varint(number_of(month));
  bytes.varint(lag);
}

std::string event_key(Position cause, std::uint32_t ordinal) {
  std::string key;
  ByteWriter out(key);
  out.u64(cause.value());
  out.u32(ordinal);
  return key;
}

std::uint32_t decode_event_ordinal(std::string_view key) {
  ByteReader in(key);
  in.u64();
  return in.u32();
}

std::string encode_event(const ledger::Event& event) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(static_cast<std::uint8_t>(event.type));
  out.varint(event.account.person.value());
  out.varint(static_cast<std::uint64_t>(event.account.year));
  out.varint(event.registration.value());
  out.zigzag(event.amount.ore());
  if (is_about_card(event.type)) {
    out.raw(event.card);
    out.zigzag(days_of(event.entitled_from));
    out.zigzag(days_of(event.moved_from));
  }
  if (event.type == ledger::EventType::person_merged) {
    out.varint(event.merged.value());
    write_replaced(out, event.replaced_cards);
  }
  return bytes;
}

Result<ledger::Event> decode_event(std::string_view key, std::string_view bytes) {
  ledger::Event event;
  event.cause = Position{ByteReader(key).u64()};
  ByteReader in(bytes);
  event.type = static_cast<ledger::EventType>(in.u8());
  event.account.person = ledger::PersonId{in.varint()};
  event.account.year = in.varint<int>();
  event.registration = Position{in.varint()};
  event.amount = Money::from_ore(in.zigzag());
  if (is_about_card(event.type)) {
    event.card = in.raw<16>();
    event.entitled_from = date_of(in.zigzag());
    event.moved_from = date_of(in.zigzag());
  }
  if (event.type == ledger::EventType::person_merged) {
    event.merged = ledger::PersonId{in.varint()};
    if (!read_replaced(in, event.replaced_cards)) return Errc::corrupt_record;
  }
  if (!in.is_complete() || field_out_of_bounds(event) != nullptr) return Errc::corrupt_record;
  return event;
}

std::string unpaid_key(const ledger::UnpaidKey& key) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u32(key.practice.value());
  out.u32(static_cast<std::uint32_t>(days_of(key.service_date)));
  out.u64(key.position.value());
  return bytes;
}

ledger::UnpaidKey decode_unpaid_key(std::string_view key) {
  ByteReader in(key);
  ledger::UnpaidKey decoded;
  decoded.practice = ledger::PracticeNumber{in.u32()};
  decoded.service_date = date_of(in.u32());
  decoded.position = Position{in.u64()};
  return decoded;
}

std::string encode_unpaid(const ledger::UnpaidRegistration& registration) {
  std::string bytes;
  ByteWriter out(bytes);
  out.raw(registration.guid.bytes);
  out.zigzag(registration.service_time.seconds);
  out.varint(static_cast<std::uint64_t>(registration.service_time.nanoseconds));
  out.zigzag(registration.received.seconds);
  out.varint(static_cast<std::uint64_t>(registration.received.nanoseconds));
  out.varint(static_cast<std::uint64_t>(registration.amount.ore()));
  return bytes;
}

Result<ledger::UnpaidRegistration> decode_unpaid(std::string_view key, std::string_view bytes) {
  ByteReader in(bytes);
  ledger::UnpaidRegistration registration;
  registration.position = decode_unpaid_key(key).position;
  registration.guid.bytes = in.raw<16>();
  registration.service_time.seconds = in.zigzag();
  registration.service_time.nanoseconds = in.varint<std::int32_t>();
  registration.received.seconds = in.zigzag();
  registration.received.nanoseconds = in.varint<std::int32_t>();
  registration.amount = Money::from_ore(in.varint<std::int64_t>());
  if (!in.is_complete() || field_out_of_bounds(registration) != nullptr) {
    return Errc::corrupt_record;
  }
  return registration;
}

}  // namespace storage
