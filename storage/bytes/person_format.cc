// What the registries have said of a person, and the events that have been accepted.

#include <boost/endian/conversion.hpp>

#include "storage/bytes/byte_codec.h"
#include "storage/bytes/format.h"
#include "storage/bytes/format_bounds.h"
#include "storage/bytes/format_elements.h"

namespace storage {

using ledger::Errc;
using ledger::Position;
using ledger::Result;

namespace {

// Flags of a person. STORED.
constexpr std::uint32_t has_birth_date = 1;
constexpr std::uint32_t has_death = 2;
constexpr std::uint32_t has_death_date = 4;
constexpr std::uint32_t has_pension = 8;
constexpr std::uint32_t is_opted_out = 16;
constexpr std::uint32_t is_merged = 32;
constexpr std::uint32_t person_flags = 63;

std::uint32_t flags_of(const ledger::Person& person) {
  return (person.birth_date ? has_birth_date : 0) | (person.has_death ? has_death : 0) |
         (person.death ? has_death_date : 0) | (person.pension ? has_pension : 0) |
         (person.is_opted_out ? is_opted_out : 0) |
         (person.merged_into.value() != 0 ? is_merged : 0);
}

}  // namespace

void encode_person(const ledger::Person& person, std::string& out) {
  thread_local std::string content;
  content.clear();
  ByteWriter in_content(content);
  in_content.varint(flags_of(person));
  if (person.birth_date) in_content.zigzag(days_of(*person.birth_date));
  if (person.death) in_content.zigzag(days_of(*person.death));
  if (person.pension) write_periods(in_content, *person.pension);
  if (person.merged_into.value() != 0) in_content.varint(person.merged_into.value());
  in_content.varint(person.untold.size());
  for (const ledger::UntoldMerge& merge : person.untold) {
    in_content.varint(merge.kept.value());
    in_content.varint(merge.other.value());
    write_replaced(in_content, merge.replaced_cards);
  }

  out.clear();
  ByteWriter row(out);
  row.text(content);
  row.varint(person.newest_event.value());
  for (const ledger::UntoldMerge& merge : person.untold) row.varint(merge.position.value());
}

Result<ledger::Person> decode_person(std::string_view bytes) {
  ByteReader row(bytes);
  ByteReader in(row.text());
  ledger::Person person;
  const auto flags = in.varint<std::uint32_t>();
  if (flags > person_flags) return Errc::corrupt_record;
  if ((flags & has_birth_date) != 0) person.birth_date = read_date(in);
  person.has_death = (flags & has_death) != 0;
  if ((flags & has_death_date) != 0) person.death = read_date(in);
  if ((flags & has_pension) != 0 && !read_periods(in, person.pension.emplace())) {
    return Errc::corrupt_record;
  }
  person.is_opted_out = (flags & is_opted_out) != 0;
  if ((flags & is_merged) != 0) person.merged_into = ledger::PersonId{in.varint()};
  const std::uint64_t untold = in.varint();
  if (untold > in.left()) return Errc::corrupt_record;
  person.newest_event = Position{row.varint()};
  for (std::uint64_t i = 0; i < untold; ++i) {
    ledger::UntoldMerge& merge = person.untold.emplace_back();
    merge.kept = ledger::PersonId{in.varint()};
    merge.other = ledger::PersonId{in.varint()};
    if (!read_replaced(in, merge.replaced_cards)) return Errc::corrupt_record;
    merge.position = Position{row.varint()};
  }
  if (!in.is_complete() || !row.is_complete()) return Errc::corrupt_record;
  // What is said to be there is not nothing.
  if (flags_of(person) != flags || field_out_of_bounds(person) != nullptr) {
    return Errc::corrupt_record;
  }
  return person;
}

std::string registry_event_key(const ledger::Guid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

std::string encode_known_event(const ledger::KnownEvent& event) {
  std::string bytes;
  ByteWriter out(bytes);
  out.varint(event.position.value());
  out.u64(event.content_hash);
  return bytes;
}

Result<ledger::KnownEvent> decode_known_event(std::string_view bytes) {
  ByteReader in(bytes);
  ledger::KnownEvent event;
  event.position = Position{in.varint()};
  event.content_hash = in.u64();
  const bool is_place = event.position.value() != 0 && event.position <= ledger::position_max;
  if (!in.is_complete() || !is_place) return Errc::corrupt_record;
  return event;
}

}  // namespace storage
