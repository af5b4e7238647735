#include "storage/state/registrations_table.h"

#include <rocksdb/db.h>

#include <array>
#include <cstring>
#include <utility>

#include "ledger/values/assert.h"
#include "storage/rocksdb/rocksdb_internal.h"
#include "storage/state/sorted_files.h"
#include "storage/state/state_files.h"
#include "storage/state/stored_row_internal.h"

namespace storage {

using ledger::Fingerprint;
using ledger::Registration;
using ledger::Result;

RegistrationsTable::RegistrationsTable(const TableContext& context)
    : files_(context.files),
      totals_(context.totals),
      rows_(0, context.options.hand_over_items),
      known_(context.files.database(), index_of(StateFamily::registrations),
             context.totals.registrations,
             {context.options.filter_bytes_max, context.options.lookups_before_filter}) {}

Result<std::optional<Registration>> RegistrationsTable::find(const Fingerprint& key) {
  if (known_.is_new(key)) return std::optional<Registration>();
  if (const InlineRow* const row = find_row(key); row != nullptr) return decode(row->view());
  if (const Expected* const read = expected(key); read != nullptr) return read->found;
  return find_in_files(key);
}

Result<std::optional<Registration>> RegistrationsTable::find_in_memory(
    const Fingerprint& key) const {
  const InlineRow* const row = find_row(key);
  if (row == nullptr) return std::optional<Registration>();
  return decode(row->view());
}

Result<std::optional<Registration>> RegistrationsTable::find_in_files(
    const Fingerprint& key) const {
  return stored_row(files_, StateFamily::registrations, view_of(registration_key(key)),
                    decode_registration);
}

Result<std::optional<Registration>> RegistrationsTable::decode(std::string_view row) const {
  const auto decoded = decode_registration(row);
  if (!decoded) return files_.undecodable(StateFamily::registrations);
  return std::optional<Registration>(decoded.value());
}

const RegistrationsTable::InlineRow* RegistrationsTable::find_row(const Fingerprint& key) const {
  // The newest of a key's rows counts.
  for (auto aside = rows_aside_.rbegin(); aside != rows_aside_.rend(); ++aside) {
    if (aside->key == key) return &aside->row;
  }
  return rows_.find(key);
}

const RegistrationsTable::Expected* RegistrationsTable::expected(const Fingerprint& key) {
  // They are asked for in the order in which they were expected, but for those found in memory.
  for (std::size_t i = next_expected_; i < expected_.size(); ++i) {
    if (expected_[i].key != key) continue;
    next_expected_ = i + 1;
    return &expected_[i];
  }
  return nullptr;
}

// Each step is a loop over independent lookups, so that their cache misses overlap.
void RegistrationsTable::expect(std::span<const ledger::Lookup> lookups) {
  std::array<Fingerprint, ledger::lookups_max> missing;
  std::size_t missing_count = 0;
  for (const ledger::Lookup& lookup : lookups) known_.prefetch(lookup.registration);
  for (const ledger::Lookup& lookup : lookups) {
    if (rows_.find(lookup.registration) == nullptr && !known_.is_new(lookup.registration)) {
      missing[missing_count++] = lookup.registration;
    }
  }
  read_expected({missing.data(), missing_count});
}

// To ask the filter of each sorted run is a cache miss; asked for together, they overlap too.
void RegistrationsTable::read_expected(std::span<const Fingerprint> keys) {
  expected_.clear();
  next_expected_ = 0;
  if (keys.empty()) return;
  known_.note_lookups(keys.size());
  std::array<RegistrationKey, ledger::lookups_max> bytes;
  std::array<rocksdb::Slice, ledger::lookups_max> slices;
  std::array<rocksdb::PinnableSlice, ledger::lookups_max> values;
  std::array<rocksdb::Status, ledger::lookups_max> statuses;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    bytes[i] = registration_key(keys[i]);
    slices[i] = slice_of(view_of(bytes[i]));
  }
  const Database& database = files_.database();
  database.db().MultiGet(rocksdb::ReadOptions(),
                         database.family(index_of(StateFamily::registrations)), keys.size(),
                         slices.data(), values.data(), statuses.data());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    // What cannot be read is left to find(), which tells of it.
    if (statuses[i].IsNotFound()) expected_.push_back({keys[i], std::nullopt});
    if (!statuses[i].ok()) continue;
    const auto decoded = decode_registration(view_of(values[i]));
    if (decoded) expected_.push_back({keys[i], decoded.value()});
  }
}

Result<void> RegistrationsTable::put(const Fingerprint& key, const Registration* before,
                                     const Registration& after) {
  if (const auto storable = files_.require_storable("registration", after); !storable) {
    return storable;
  }
  const RegistrationKey key_bytes = registration_key(key);
  if (before != nullptr) {
    encode_registration(*before, encoded_);
    totals_.checksum.remove("r", view_of(key_bytes), Row::checksum_content(encoded_));
  } else {
    ++totals_.registrations;
    known_.add(key);
  }
  if (after.payment.is_given() && (before == nullptr || !before->payment.is_given())) {
    ++totals_.payments;
  }
  if (after.credit_note.is_given() && (before == nullptr || !before->credit_note.is_given())) {
    ++totals_.credit_notes;
  }
  encode_registration(after, encoded_);
  totals_.checksum.add("r", view_of(key_bytes), Row::checksum_content(encoded_));
  put_aside(key, encoded_);
  return ledger::ok();
}

// A new row's place in the table is in no cache, and stores leave the processor in their order:
// whatever next reads what it has just written in other pieces would wait for this one. Many
// together overlap.
void RegistrationsTable::put_aside(const Fingerprint& key, std::string_view row) {
  if (rows_aside_.size() == ledger::lookups_max) put_into_table();
  RowAside& aside = rows_aside_.emplace_back();
  aside.key = key;
  LEDGER_ASSERT(row.size() <= sizeof aside.row.bytes);
  aside.row.size = static_cast<std::uint8_t>(row.size());
  std::memcpy(aside.row.bytes, row.data(), row.size());
}

void RegistrationsTable::put_into_table() {
  for (const RowAside& aside : rows_aside_) rows_.put(aside.key, aside.row);
  rows_aside_.clear();
}

void RegistrationsTable::finish_group() {
  put_into_table();
  expected_.clear();  // the files may change from here on
  next_expected_ = 0;
}

void RegistrationsTable::write(SortedFiles& files) const {
  files.write(StateFamily::registrations, rows_.frozen_rows(), [](const auto& row) {
    return std::pair(registration_key(row.first), row.second->view());
  });
}

}  // namespace storage
