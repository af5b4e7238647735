#include "storage/state/facts_table.h"

#include <rocksdb/iterator.h>

#include <utility>

#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"

namespace storage {

using ledger::Person;
using ledger::PersonBrief;
using ledger::PersonId;
using ledger::Result;

namespace {

constexpr std::uint8_t flag_opted_out = 1;
constexpr std::uint8_t flag_pension = 2;
constexpr std::uint8_t flag_merged = 4;

}  // namespace

FactsTable::FactsTable(const TableContext& context)
    : files_(context.files),
      totals_(context.totals),
      rows_(context.options.cached_persons_max / 8) {
  load_briefs();
}

void FactsTable::load_briefs() {
  const ExclusiveLock lock(mutex_);
  const auto row = files_.rows(StateFamily::facts);
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    const auto person = decode_person(view_of(row->value()));
    if (!person) throw DamagedState("what the state knows of persons is damaged");
    set_brief(decode_person_key(view_of(row->key())), person.value().brief());
  }
  if (!files_.status_of(*row)) files_.refuse("cannot read what the state knows of persons");
}

FactsTable::PackedBrief FactsTable::pack(const PersonBrief& brief) {
  PackedBrief packed;
  packed.newest_event = brief.newest_event.value();
  if (brief.birth_date) {
    packed.birth_day = static_cast<std::int32_t>(brief.birth_date->time_since_epoch().count());
  }
  packed.flags = static_cast<std::uint8_t>((brief.is_opted_out ? flag_opted_out : 0) |
                                           (brief.has_pension ? flag_pension : 0) |
                                           (brief.is_merged ? flag_merged : 0));
  return packed;
}

PersonBrief FactsTable::unpack(PersonId person) const {
  PersonBrief brief;
  if (person.value() >= briefs_.size()) return brief;
  const PackedBrief& packed = briefs_[person.value()];
  brief.newest_event = ledger::Position{packed.newest_event};
  if (packed.birth_day != no_day) {
    brief.birth_date = ledger::Date{std::chrono::days{packed.birth_day}};
  }
  brief.is_opted_out = (packed.flags & flag_opted_out) != 0;
  brief.has_pension = (packed.flags & flag_pension) != 0;
  brief.is_merged = (packed.flags & flag_merged) != 0;
  return brief;
}

void FactsTable::set_brief(PersonId person, const PersonBrief& brief) {
  if (person.value() >= briefs_.size()) briefs_.resize(person.value() + 1);
  briefs_[person.value()] = pack(brief);
}

PersonBrief FactsTable::find_brief(PersonId person) const {
  const SharedLock lock(mutex_);
  return unpack(person);
}

Result<std::string> FactsTable::read_row(PersonId id) const {
  std::string row;
  if (rows_.visit(id, [&](const std::string& bytes) { row = bytes; })) return row;
  rocksdb::PinnableSlice value;
  const auto found = files_.get(StateFamily::facts, person_key(id), value);
  if (!found) return found.error();
  if (found.value()) row.assign(value.data(), value.size());
  return row;
}

Result<Person> FactsTable::find(PersonId id) const {
  if (find_brief(id).newest_event.value() == 0) return Person();
  const auto row = read_row(id);
  if (!row) return row.error();
  auto person = decode_person(row.value());
  if (!person) return files_.undecodable(StateFamily::facts);
  return person;
}

Result<Person> FactsTable::load(PersonId id) {
  loaded_row_.clear();
  if (brief(id).newest_event.value() == 0) return Person();
  auto row = read_row(id);
  if (!row) return row.error();
  loaded_row_ = std::move(row.value());
  auto person = decode_person(loaded_row_);
  if (!person) return files_.undecodable(StateFamily::facts);
  return person;
}

Result<void> FactsTable::put(PersonId id, const Person& person) {
  if (const auto storable = files_.require_storable("person", person); !storable) return storable;
  const std::string key = person_key(id);
  if (!loaded_row_.empty()) {
    totals_.checksum.remove("f", key, Row::checksum_content(loaded_row_));
  }
  encode_person(person, encoded_);
  totals_.checksum.add("f", key, Row::checksum_content(encoded_));
  rows_.put(id, encoded_);
  const ExclusiveLock lock(mutex_);
  set_brief(id, person.brief());
  return ledger::ok();
}

void FactsTable::write(SortedFiles& files) const {
  files.write(StateFamily::facts, rows_.frozen_rows(), [](const auto& row) {
    return std::pair(person_key(row.first), std::string_view(*row.second));
  });
}

}  // namespace storage
