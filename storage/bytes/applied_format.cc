// The one row of the state that is about all of it: how far the journal has been applied, under
// which rules, with the totals and the checksum there.

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <charconv>

#include "storage/bytes/byte_codec.h"
#include "storage/bytes/format.h"
#include "storage/bytes/format_bounds.h"
#include "storage/crypto/crypto.h"

namespace storage {

using ledger::Errc;
using ledger::Money;
using ledger::Position;
using ledger::Result;

namespace {

XXH128_hash_t hash_row(std::string_view family, std::string_view key, std::string_view content) {
  // Nearly every row is short, and XXH3's state for pieces takes longer to set up than to use.
  std::array<char, 512> whole;
  const std::size_t size = family.size() + key.size() + content.size();
  if (size <= whole.size()) {
    char* end = std::copy(family.begin(), family.end(), whole.data());
    end = std::copy(key.begin(), key.end(), end);
    std::copy(content.begin(), content.end(), end);
    return XXH3_128bits(whole.data(), size);
  }
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, family.data(), family.size());
  XXH3_128bits_update(&state, key.data(), key.size());
  XXH3_128bits_update(&state, content.data(), content.size());
  return XXH3_128bits_digest(&state);
}

}  // namespace

void SetHash::add(std::string_view family, std::string_view key, std::string_view content,
                  std::uint64_t times) {
  const XXH128_hash_t hash = hash_row(family, key, content);
  high += hash.high64 * times;
  low += hash.low64 * times;
}

void SetHash::remove(std::string_view family, std::string_view key, std::string_view content) {
  const XXH128_hash_t hash = hash_row(family, key, content);
  high -= hash.high64;
  low -= hash.low64;
}

std::array<std::uint8_t, 16> SetHash::bytes() const {
  std::array<std::uint8_t, 16> bytes{};
  boost::endian::store_big_u64(bytes.data(), high);
  boost::endian::store_big_u64(bytes.data() + 8, low);
  return bytes;
}

std::string SetHash::hex() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u64(high);
  out.u64(low);
  return to_hex(bytes);
}

std::string encode_applied(const AppliedState& applied) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(state_version);
  out.u64(applied.next_position.value());
  out.text(applied.rules);
  out.raw(applied.rule_pack);
  const StateTotals& totals = applied.totals;
  out.u64(totals.checksum.high);
  out.u64(totals.checksum.low);
  out.varint(totals.registrations);
  out.varint(totals.payments);
  out.varint(totals.credit_notes);
  out.varint(totals.duplicates);
  out.varint(totals.rejected);
  out.varint(totals.persons);
  out.varint(totals.accounts);
  out.varint(totals.cards);
  out.varint(totals.cards_under_review);
  out.zigzag(totals.counted_ore);
  out.zigzag(totals.refunded_ore);
  out.varint(totals.events.size());
  for (const std::uint64_t count : totals.events) out.varint(count);
  return bytes;
}

Result<AppliedState> decode_applied(std::string_view bytes) {
  ByteReader in(bytes);
  AppliedState applied;
  if (in.u8() != state_version) return Errc::corrupt_record;
  applied.next_position = Position{in.u64()};
  applied.rules = in.text();
  applied.rule_pack = in.raw<32>();
  StateTotals& totals = applied.totals;
  totals.checksum.high = in.u64();
  totals.checksum.low = in.u64();
  totals.registrations = in.varint();
  totals.payments = in.varint();
  totals.credit_notes = in.varint();
  totals.duplicates = in.varint();
  totals.rejected = in.varint();
  totals.persons = in.varint();
  totals.accounts = in.varint();
  totals.cards = in.varint();
  totals.cards_under_review = in.varint();
  totals.counted_ore = in.zigzag();
  totals.refunded_ore = in.zigzag();
  if (in.varint() != totals.events.size()) return Errc::corrupt_record;
  for (std::uint64_t& count : totals.events) count = in.varint();
  if (!in.is_complete() || field_out_of_bounds(applied) != nullptr) return Errc::corrupt_record;
  return applied;
}

Result<std::map<int, ledger::AnnualCeiling>> decode_rules(std::string_view text) {
  std::map<int, ledger::AnnualCeiling> ceilings;
  if (text.empty()) return ceilings;
  // The first line names the format.
  std::size_t at = text.find('\n') + 1;
  while (at != 0 && at < text.size()) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return Errc::corrupt_record;
    int year = 0;
    std::int64_t ore = 0;
    const char* const line_end = text.data() + end;
    const auto year_read = std::from_chars(text.data() + at, line_end, year);
    at = end + 1;
    if (year_read.ec != std::errc() || year_read.ptr == line_end) return Errc::corrupt_record;
    const auto ore_read = std::from_chars(year_read.ptr + 1, line_end, ore);
    if (ore_read.ec != std::errc() || ore_read.ptr == line_end) return Errc::corrupt_record;
    ledger::AnnualCeiling& ceiling = ceilings[year];
    ceiling = {Money::from_ore(ore), std::string(ore_read.ptr + 1, line_end)};
    if (!fault_of_ceiling(year, ceiling).empty()) return Errc::corrupt_record;
  }
  // Canonical means that there is one text for these rules.
  if (ledger::RulePack::canonical_text(ceilings) != text) return Errc::corrupt_record;
  return ceilings;
}

}  // namespace storage
