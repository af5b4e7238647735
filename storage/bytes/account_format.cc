#include <algorithm>

#include "storage/bytes/byte_codec.h"
#include "storage/bytes/format.h"
#include "storage/bytes/format_bounds.h"
#include "storage/bytes/format_elements.h"

namespace storage {

using ledger::Errc;
using ledger::Money;
using ledger::Position;
using ledger::Result;

namespace {

/// 0 = all is told; 1 = no card has been; 1 + its state as it was told. STORED.
std::uint8_t told_bits(const std::optional<ledger::ToldCard>& told) {
  if (!told) return 0;
  return told->is_issued ? static_cast<std::uint8_t>(1 + static_cast<unsigned>(told->state)) : 1;
}

ledger::ToldCard told_of_bits(std::uint8_t bits) {
  ledger::ToldCard told;
  told.is_issued = bits > 1;
  if (told.is_issued) told.state = static_cast<ledger::CardState>(bits - 1);
  return told;
}

}  // namespace

std::string account_key(const ledger::AccountKey& key) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u64(key.person.value());
  out.u32(static_cast<std::uint32_t>(key.year));
  return bytes;
}

ledger::AccountKey decode_account_key(std::string_view key) {
  ByteReader in(key);
  const ledger::PersonId person{in.u64()};
  return {person, static_cast<int>(in.u32())};
}

void encode_account(const ledger::Account& account, std::string& out) {
  thread_local std::string content;
  content.clear();
  ByteWriter in_content(content);
  in_content.u8(account.card ? static_cast<std::uint8_t>(account.card->state) : std::uint8_t{0});
  in_content.varint(static_cast<std::uint64_t>(account.counted_sum.ore()));
  in_content.varint(account.days.size());
  std::int64_t previous_day = 0;
  for (const ledger::DaySum& day : account.days) {
    in_content.zigzag(days_of(day.day) - previous_day);
    in_content.varint(static_cast<std::uint64_t>(day.amount.ore()));
    previous_day = days_of(day.day);
  }
  if (account.card) {
    in_content.zigzag(account.card->issued_at.seconds);
    in_content.varint(static_cast<std::uint64_t>(account.card->issued_at.nanoseconds));
    in_content.zigzag(days_of(account.card->entitled_from));
    in_content.raw(account.card->crossing_guid.bytes);
    in_content.raw(account.card->rule_pack);
    in_content.raw(account.card->id);
  }
  in_content.u8(told_bits(account.told));
  if (account.told && account.told->is_issued) {
    in_content.zigzag(days_of(account.told->entitled_from));
  }
  in_content.varint(account.refund_lines.size());
  for (const ledger::RefundLine& line : account.refund_lines) {
    in_content.zigzag(line.amount.ore());
    in_content.raw(line.guid.bytes);
  }

  out.clear();
  ByteWriter row(out);
  row.text(content);
  row.varint(account.newest.value());
  row.varint(account.changed_by.value() - account.newest.value());
  if (account.card) {
    row.varint(account.card->issued_by.value());
    row.varint(account.card->crossing.value());
  }
  for (const ledger::RefundLine& line : account.refund_lines) {
    row.varint(line.cause.value());
    row.varint(line.cause.value() - line.registration.value());
  }
}

Result<void> decode_account(std::string_view bytes, ledger::Account& out) {
  out.clear();
  ByteReader row(bytes);
  ByteReader in(row.text());
  const std::uint8_t card_state = in.u8();
  out.counted_sum = Money::from_ore(in.varint<std::int64_t>());
  const std::uint64_t days = in.varint();
  out.days.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(days, in.left())));
  std::int64_t day = 0;
  for (std::uint64_t i = 0; i < days && in.is_ok(); ++i) {
    day = plus(day, in.zigzag());
    out.days.push_back({date_of(day), Money::from_ore(in.varint<std::int64_t>())});
  }
  if (card_state != 0) {
    ledger::ExemptionCard card;
    card.state = static_cast<ledger::CardState>(card_state);
    card.issued_at.seconds = in.zigzag();
    card.issued_at.nanoseconds = in.varint<std::int32_t>();
    card.entitled_from = date_of(in.zigzag());
    card.crossing_guid.bytes = in.raw<16>();
    card.rule_pack = in.raw<32>();
    card.id = in.raw<16>();
    out.card = card;
  }
  const std::uint8_t told = in.u8();
  if (told > 3) return Errc::corrupt_record;
  if (told != 0) out.told = told_of_bits(told);
  if (told > 1) out.told->entitled_from = date_of(in.zigzag());
  const std::uint64_t lines = in.varint();
  out.newest = Position{row.varint()};
  out.changed_by = Position{out.newest.value() + row.varint()};
  if (out.card) {
    out.card->issued_by = Position{row.varint()};
    out.card->crossing = Position{row.varint()};
  }
  for (std::uint64_t i = 0; i < lines && in.is_ok(); ++i) {
    ledger::RefundLine line;
    line.amount = Money::from_ore(in.zigzag());
    line.guid.bytes = in.raw<16>();
    line.cause = Position{row.varint()};
    line.registration = Position{line.cause.value() - row.varint()};
    out.refund_lines.push_back(line);
  }
  if (!in.is_complete() || !row.is_complete()) return Errc::corrupt_record;
  if (field_out_of_bounds(out) != nullptr) return Errc::corrupt_record;
  return ledger::ok();
}

Result<ledger::AccountBrief> decode_account_brief(std::string_view bytes) {
  ByteReader row(bytes);
  ByteReader content(row.text());
  ledger::AccountBrief brief;
  brief.has_card = content.u8() != 0;
  brief.newest = Position{row.varint()};
  brief.changed_by = Position{brief.newest.value() + row.varint()};
  if (!content.is_ok() || !row.is_ok()) return Errc::corrupt_record;
  return brief;
}

}  // namespace storage
