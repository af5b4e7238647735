#include "storage/state/state_store.h"

#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "ledger/values/assert.h"
#include "storage/bytes/format_bounds.h"
#include "storage/state/state_families_internal.h"
#include "storage/state/state_reader.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
using ledger::AccountKey;
using ledger::Basis;
using ledger::Errc;
using ledger::Position;
using ledger::PracticeNumber;
using ledger::Result;

/// Months of timeliness that stay in memory: a few for each practice of the nation, both bases.
constexpr std::size_t cached_months_max = 200'000;

constexpr std::size_t cache_line_bytes = 64;

void prefetch_bytes(const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += cache_line_bytes) {
    __builtin_prefetch(bytes.data() + at);
  }
}

/// Rows in the order of their keys lie anywhere in memory, and so do their bytes.
template <class Key, class Value>
void prefetch_row(const std::pair<Key, const Value*>& row) {
  __builtin_prefetch(row.second);
}
void prefetch_row(const auto& /*row*/) {}
template <class Key>
void prefetch_content(const std::pair<Key, const std::string*>& row) {
  prefetch_bytes(*row.second);
}
void prefetch_content(const auto& /*row*/) {}

template <class Bytes>
rocksdb::Status write_row(rocksdb::SstFileWriter& writer, const rocksdb::Slice& key,
                          const Bytes& value) {
  return writer.Put(key, {value.data(), value.size()});
}
/// Without a value: the row is taken out.
rocksdb::Status write_row(rocksdb::SstFileWriter& writer, const rocksdb::Slice& key,
                          const std::optional<std::string>& value) {
  return value ? writer.Put(key, *value) : writer.Delete(key);
}

std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 32;
  value *= 0xD6E8FEB86659FD93ULL;
  value ^= value >> 32;
  return value;
}

}  // namespace

struct StateStore::Files {
  Files(const fs::path& folder, rocksdb::Env* env, OpenMode mode, NoteFault note_fault)
      : hand_over_folder(folder / "hand_over"),
        database(folder.string(), state_db_options(env), state_families(), mode,
                 {"the state", FaultKind::state_damaged, std::move(note_fault)}) {
    if (mode == OpenMode::read_only) return;
    // What an interrupted hand-over left was never part of the state.
    fs::remove_all(hand_over_folder);
    fs::create_directories(hand_over_folder);
  }

  /// The value, or nothing when there is none.
  Result<bool> get(StateFamily family, std::string_view key, rocksdb::PinnableSlice& value) const {
    const rocksdb::Status status = database.db().Get(
        rocksdb::ReadOptions(), database.family(index_of(family)), slice_of(key), &value);
    if (status.ok()) return true;
    if (status.IsNotFound()) return false;
    return database.fault(status, FaultKind::unreadable);
  }
  Errc undecodable(StateFamily family) const { return database.undecodable_row(index_of(family)); }

  [[noreturn]] void fail_hand_over(const rocksdb::Status& status) const {
    database.fault(status, FaultKind::unwritable);
    throw std::runtime_error("cannot hand over the state: " + status.ToString());
  }

  fs::path hand_over_folder;
  Database database;
};

std::size_t StateStore::NumberHash::operator()(const ledger::EncryptedNumber& key) const {
  std::uint64_t value = 0;
  std::memcpy(&value, key.bytes.data(), sizeof value);
  return value;
}

std::size_t StateStore::AccountHash::operator()(const AccountKey& key) const {
  return mix(key.person.value() << 12 ^ static_cast<std::uint64_t>(key.year));
}

std::size_t StateStore::PracticeHash::operator()(const ledger::PracticeId& id) const {
  std::uint64_t value = 0;
  for (const char digit : id.view()) value = value * 31 + static_cast<unsigned char>(digit);
  return mix(value);
}

std::size_t StateStore::TimelinessHash::operator()(const ledger::TimelinessKey& key) const {
  const auto month =
      static_cast<std::uint64_t>(int{key.month.year()} * 12) + unsigned{key.month.month()};
  return mix(std::uint64_t{key.practice.value()} << 24 ^ month << 2 ^
             static_cast<std::uint64_t>(key.basis));
}

StateStore::StateStore(const fs::path& folder, StateOptions options, OpenMode mode,
                       NoteFault note_fault)
    : options_(options),
      registrations_(0, options.hand_over_items),
      accounts_(options.cached_persons_max, options.hand_over_items / 2),
      numbers_(options.cached_persons_max),
      timeliness_(cached_months_max),
      is_abandoned_(mode == OpenMode::read_only) {
  if (mode == OpenMode::read_write) fs::create_directories(folder);
  try {
    files_ = std::make_unique<Files>(folder, options.env, mode, keep_damage(std::move(note_fault)));
  } catch (const DamagedDatabase& damage) {
    throw DamagedState(damage.what());
  }
  rocksdb::PinnableSlice value;
  const auto has_applied = files_->get(StateFamily::meta, std::string(applied_key), value);
  if (!has_applied) refuse_files("cannot read the state in " + folder.string());
  if (has_applied.value()) {
    auto applied = decode_applied(view_of(value));
    if (!applied) {
      throw DamagedState("the state in " + folder.string() + " is damaged or of another version");
    }
    applied_ = std::move(applied.value());
  }
  head_ = applied_;
  first_new_person_ = ledger::PersonId{applied_.totals.persons + 1};
  known_registrations_.emplace(
      files_->database, index_of(StateFamily::registrations), applied_.totals.registrations,
      KnownRegistrations::Options{options.filter_bytes_max, options.lookups_before_filter});
  load_practices();
  hand_over_thread_ = std::thread([this] { run_hand_over(); });
}

StateStore::~StateStore() {
  bool is_durable = false;
  {
    // What is not durable by now never will be: it is not waited for.
    std::unique_lock lock(hand_over_mutex_);
    hand_over_changed_.wait(lock, [this] {
      return !is_frozen_ || is_abandoned_ || durable_ < frozen_applied_.next_position.value();
    });
    is_durable = !is_frozen_ && !is_abandoned_ && durable_ >= applied_.next_position.value();
  }
  const bool is_whole = begun_.load() < applied_.next_position.value();
  if (is_durable && is_whole && active_items_ != 0) freeze();
  {
    const std::lock_guard lock(hand_over_mutex_);
    is_stopping_ = true;
  }
  hand_over_changed_.notify_all();
  hand_over_thread_.join();
}

/// Keeps the first damage, and passes all faults on.
NoteFault StateStore::keep_damage(NoteFault note_fault) {
  return [this, note_fault = std::move(note_fault)](Fault fault) {
    if (fault.kind == FaultKind::state_damaged) {
      const std::lock_guard lock(damage_mutex_);
      if (damage_.empty()) damage_ = fault.reason;
    }
    if (note_fault) note_fault(std::move(fault));
  };
}

std::string StateStore::damage() const {
  const std::lock_guard lock(damage_mutex_);
  return damage_;
}

void StateStore::refuse_files(const std::string& what) const {
  if (const std::string found = damage(); !found.empty()) throw DamagedState(found);
  throw std::runtime_error(what);
}

void StateStore::load_practices() {
  practices_.emplace_back();  // the nation
  const std::unique_ptr<rocksdb::Iterator> row{files_->database.db().NewIterator(
      rocksdb::ReadOptions(), files_->database.family(index_of(StateFamily::practices)))};
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    const auto practice = decode_practice(view_of(row->value()));
    const PracticeNumber number = decode_practice_key(view_of(row->key()));
    if (!practice || number.value() != practices_.size()) {
      throw DamagedState("the practices of the state are damaged");
    }
    practice_numbers_.emplace(practice.value().id, number);
    practices_.push_back(practice.value());
  }
  if (!row->status().ok()) {
    files_->database.fault(row->status(), FaultKind::unreadable);
    refuse_files("cannot read the practices of the state");
  }
  is_practice_changed_.assign(practices_.size(), false);
}

// ---- registrations ----

Result<std::optional<ledger::Registration>> StateStore::find_registration(
    const ledger::Fingerprint& key) {
  if (known_registrations_->is_new(key)) return std::optional<ledger::Registration>();
  if (const InlineRow* const row = find_row(key); row != nullptr) return read_row(row->view());
  if (const Expected* const read = expected(key); read != nullptr) return read->found;
  return registration_in_files(key);
}

Result<std::optional<ledger::Registration>> StateStore::registration_in_memory(
    const ledger::Fingerprint& key) const {
  const InlineRow* const row = find_row(key);
  if (row == nullptr) return std::optional<ledger::Registration>();
  return read_row(row->view());
}

Result<std::optional<ledger::Registration>> StateStore::registration_in_files(
    const ledger::Fingerprint& key) const {
  rocksdb::PinnableSlice value;
  const auto found = files_->get(StateFamily::registrations, view_of(registration_key(key)), value);
  if (!found) return found.error();
  if (!found.value()) return std::optional<ledger::Registration>();
  return read_row(view_of(value));
}

Result<std::optional<ledger::Registration>> StateStore::read_row(std::string_view bytes) const {
  const auto decoded = decode_registration(bytes);
  if (!decoded) return files_->undecodable(StateFamily::registrations);
  return std::optional<ledger::Registration>(decoded.value());
}

const StateStore::InlineRow* StateStore::find_row(const ledger::Fingerprint& key) const {
  // The newest of a key's rows counts.
  for (auto aside = rows_aside_.rbegin(); aside != rows_aside_.rend(); ++aside) {
    if (aside->key == key) return &aside->row;
  }
  return registrations_.find(key);
}

const StateStore::Expected* StateStore::expected(const ledger::Fingerprint& key) {
  // They are asked for in the order in which they were expected, but for those found in memory.
  for (std::size_t i = next_expected_; i < expected_.size(); ++i) {
    if (expected_[i].key != key) continue;
    next_expected_ = i + 1;
    return &expected_[i];
  }
  return nullptr;
}

// Each step is a loop over independent lookups, so that their cache misses overlap.
void StateStore::expect(std::span<const ledger::Lookup> lookups) {
  LEDGER_ASSERT(lookups.size() <= ledger::lookups_max);
  std::array<ledger::Fingerprint, ledger::lookups_max> missing;
  std::array<ledger::PersonId, ledger::lookups_max> persons;
  std::size_t missing_count = 0;
  for (const ledger::Lookup& lookup : lookups) known_registrations_->prefetch(lookup.registration);
  for (const ledger::Lookup& lookup : lookups) {
    if (registrations_.find(lookup.registration) == nullptr &&
        !known_registrations_->is_new(lookup.registration)) {
      missing[missing_count++] = lookup.registration;
    }
  }
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    persons[i] = lookups[i].person;
    if (persons[i].value() != 0) continue;
    const ledger::PersonId* const person = numbers_.find(lookups[i].number);
    if (person != nullptr) persons[i] = *person;
  }
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    if (persons[i].value() == 0) continue;
    const std::string* const row = accounts_.find({persons[i], lookups[i].year});
    if (row != nullptr) prefetch_bytes(*row);
  }
  read_expected({missing.data(), missing_count});
}

// To ask the filter of each sorted run is a cache miss; asked for together, they overlap too.
void StateStore::read_expected(std::span<const ledger::Fingerprint> keys) {
  expected_.clear();
  next_expected_ = 0;
  if (keys.empty()) return;
  known_registrations_->note_lookups(keys.size());
  std::array<RegistrationKey, ledger::lookups_max> bytes;
  std::array<rocksdb::Slice, ledger::lookups_max> slices;
  std::array<rocksdb::PinnableSlice, ledger::lookups_max> values;
  std::array<rocksdb::Status, ledger::lookups_max> statuses;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    bytes[i] = registration_key(keys[i]);
    slices[i] = slice_of(view_of(bytes[i]));
  }
  files_->database.db().MultiGet(rocksdb::ReadOptions(),
                                 files_->database.family(index_of(StateFamily::registrations)),
                                 keys.size(), slices.data(), values.data(), statuses.data());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    // What cannot be read is left to find_registration(), which tells of it.
    if (statuses[i].IsNotFound()) expected_.push_back({keys[i], std::nullopt});
    if (!statuses[i].ok()) continue;
    const auto decoded = decode_registration(view_of(values[i]));
    if (decoded) expected_.push_back({keys[i], decoded.value()});
  }
}

/// An error, which has been told, when what is kept in memory now could not be read from the files.
template <class Value>
Result<void> StateStore::require_storable(const char* kind, const Value& value) const {
  const char* const field = field_out_of_bounds(value);
  if (field == nullptr) return ledger::ok();
  return files_->database.unstorable(std::string(kind) + ": " + field);
}

Result<void> StateStore::put_registration(const ledger::Fingerprint& key,
                                          const ledger::Registration* before,
                                          const ledger::Registration& after) {
  if (const auto storable = require_storable("registration", after); !storable) return storable;
  StateTotals& totals = applied_.totals;
  const RegistrationKey key_bytes = registration_key(key);
  if (before != nullptr) {
    encode_registration(*before, encoded_);
    totals.checksum.remove("r", view_of(key_bytes), Row::checksum_content(encoded_));
  } else {
    ++totals.registrations;
    known_registrations_->add(key);
  }
  if (after.payment.is_given() && (before == nullptr || !before->payment.is_given())) {
    ++totals.payments;
  }
  if (after.credit_note.is_given() && (before == nullptr || !before->credit_note.is_given())) {
    ++totals.credit_notes;
  }
  encode_registration(after, encoded_);
  totals.checksum.add("r", view_of(key_bytes), Row::checksum_content(encoded_));
  put_aside(key, encoded_);
  ++active_items_;
  return ledger::ok();
}

// A new row's place in the table is in no cache, and stores leave the processor in their order:
// whatever next reads what it has just written in other pieces would wait for this one. Many
// together overlap.
void StateStore::put_aside(const ledger::Fingerprint& key, std::string_view bytes) {
  if (rows_aside_.size() == ledger::lookups_max) put_into_table();
  RowAside& aside = rows_aside_.emplace_back();
  aside.key = key;
  LEDGER_ASSERT(bytes.size() <= sizeof aside.row.bytes);
  aside.row.size = static_cast<std::uint8_t>(bytes.size());
  std::memcpy(aside.row.bytes, bytes.data(), bytes.size());
}

void StateStore::put_into_table() {
  for (const RowAside& aside : rows_aside_) registrations_.put(aside.key, aside.row);
  rows_aside_.clear();
}

// ---- persons ----

Result<std::optional<ledger::PersonId>> StateStore::person_of(
    const ledger::EncryptedNumber& number) const {
  std::optional<ledger::PersonId> person;
  if (numbers_.visit(number, [&](ledger::PersonId id) { person = id; })) return person;
  rocksdb::PinnableSlice value;
  const auto found = files_->get(StateFamily::numbers, number_key(number), value);
  if (!found) return found.error();
  if (!found.value()) return person;
  const auto decoded = decode_person_id(view_of(value));
  if (!decoded) return files_->undecodable(StateFamily::numbers);
  return std::optional<ledger::PersonId>(decoded.value());
}

Result<ledger::EncryptedNumber> StateStore::number_of(ledger::PersonId person) const {
  {
    const std::lock_guard lock(new_persons_mutex_);
    if (person >= first_new_person_) {
      const std::uint64_t index = person.value() - first_new_person_.value();
      if (index >= new_persons_.size()) return Errc::corrupt_record;
      return new_persons_[index];
    }
  }
  rocksdb::PinnableSlice value;
  const auto found = files_->get(StateFamily::persons, person_key(person), value);
  if (!found) return found.error();
  ledger::EncryptedNumber number;
  if (!found.value() || value.size() != number.bytes.size()) return Errc::corrupt_record;
  std::memcpy(number.bytes.data(), value.data(), value.size());
  return number;
}

Result<std::optional<ledger::PersonId>> StateStore::find_person(
    const ledger::EncryptedNumber& number) {
  if (const ledger::PersonId* const person = numbers_.find(number); person != nullptr) {
    return std::optional<ledger::PersonId>(*person);
  }
  const auto person = person_of(number);
  if (person && person.value()) numbers_.remember(number, *person.value());
  return person;
}

Result<ledger::PersonId> StateStore::add_person(const ledger::EncryptedNumber& number) {
  if (applied_.totals.persons == ledger::person_max.value()) {
    return files_->database.unstorable("person: number");
  }
  const ledger::PersonId person{++applied_.totals.persons};
  numbers_.put(number, person);
  const std::lock_guard lock(new_persons_mutex_);
  new_persons_.push_back(number);
  return person;
}

// ---- practices ----

std::optional<PracticeNumber> StateStore::practice_number(const ledger::PracticeId& id) const {
  const std::shared_lock lock(practices_mutex_);
  return find_practice_number(id);
}

std::optional<PracticeNumber> StateStore::find_practice_number(const ledger::PracticeId& id) const {
  const auto found = practice_numbers_.find(id);
  if (found == practice_numbers_.end()) return std::nullopt;
  return found->second;
}

Result<std::optional<PracticeNumber>> StateStore::find_practice(const ledger::PracticeId& id) {
  return find_practice_number(id);
}

Result<PracticeNumber> StateStore::add_practice(const ledger::PracticeId& id) {
  const std::unique_lock lock(practices_mutex_);
  if (practices_.size() > options_.practices_max) return Errc::overloaded;
  const PracticeNumber number{static_cast<std::uint32_t>(practices_.size())};
  practice_numbers_.emplace(id, number);
  practices_.push_back({id, {}, {}, 0});
  is_practice_changed_.push_back(true);
  return number;
}

Result<ledger::PracticeId> StateStore::practice_id(PracticeNumber number) {
  if (number.value() == 0 || number.value() >= practices_.size()) return Errc::corrupt_record;
  return practices_[number.value()].id;
}

Result<ledger::PracticeId> StateStore::practice_identifier(PracticeNumber number) const {
  const std::shared_lock lock(practices_mutex_);
  if (number.value() == 0 || number.value() >= practices_.size()) return Errc::corrupt_record;
  return practices_[number.value()].id;
}

std::vector<ledger::Practice> StateStore::practices() const {
  const std::shared_lock lock(practices_mutex_);
  return practices_;
}

// ---- accounts ----

Result<void> StateStore::read_account_row(const AccountKey& key, std::string& row) const {
  row.clear();
  if (accounts_.visit(key, [&](const std::string& bytes) { row = bytes; })) return ledger::ok();
  rocksdb::PinnableSlice value;
  const auto found = files_->get(StateFamily::accounts, account_key(key), value);
  if (!found) return found.error();
  if (found.value()) row.assign(value.data(), value.size());
  return ledger::ok();
}

Result<void> StateStore::load_account(const AccountKey& key, ledger::Account& out) {
  account_row_key_ = key;
  account_row_ = {};
  if (const std::string* const row = accounts_.find(key); row != nullptr) {
    account_row_ = *row;
  } else {
    const auto read = read_account_row(key, account_row_read_);
    if (!read) return read.error();
    account_row_ = account_row_read_;
  }
  out.clear();
  if (!account_row_.empty()) {
    const auto decoded = decode_account(account_row_, out);
    if (!decoded) return files_->undecodable(StateFamily::accounts);
  }
  account_sum_before_ = out.counted_sum;
  return ledger::ok();
}

Result<void> StateStore::put_account(const AccountKey& key, const ledger::Account& account) {
  LEDGER_ASSERT(key == account_row_key_);
  if (const auto storable = require_storable("account", account); !storable) return storable;
  StateTotals& totals = applied_.totals;
  const std::string key_bytes = account_key(key);
  if (account_row_.empty()) {
    ++totals.accounts;
  } else {
    totals.checksum.remove("a", key_bytes, Row::checksum_content(account_row_));
  }
  totals.counted_ore += (account.counted_sum - account_sum_before_).ore();
  encode_account(account, encoded_);
  totals.checksum.add("a", key_bytes, Row::checksum_content(encoded_));
  accounts_.put(key, encoded_);
  return ledger::ok();
}

Result<ledger::Account> StateStore::account(const AccountKey& key) const {
  std::string row;
  const auto read = read_account_row(key, row);
  if (!read) return read.error();
  ledger::Account account;
  if (row.empty()) return account;
  const auto decoded = decode_account(row, account);
  if (!decoded) return files_->undecodable(StateFamily::accounts);
  return account;
}

// ---- timeliness ----

template <class Change>
Result<void> StateStore::change_timeliness(const ledger::TimelinessKey& key, Change&& change) {
  if (timeliness_.update(key, change)) return ledger::ok();
  if (const auto storable = require_storable("timeliness", key); !storable) return storable;
  rocksdb::PinnableSlice value;
  const auto found = files_->get(StateFamily::timeliness, timeliness_key(key), value);
  if (!found) return found.error();
  ledger::TimelinessMonth month;
  if (found.value()) {
    auto decoded = decode_timeliness(view_of(value));
    if (!decoded) return files_->undecodable(StateFamily::timeliness);
    month = std::move(decoded.value());
  }
  change(month);
  timeliness_.put(key, std::move(month));
  return ledger::ok();
}

// Nearly all items of a group fall into the same few months of the nation.
Result<void> StateStore::put_nation_aside(Basis basis, ledger::Month month, std::uint32_t lag) {
  const ledger::TimelinessKey key{ledger::nation, basis, month};
  for (auto& [aside, lags] : nation_aside_) {
    if (aside != key) continue;
    lags.add_lag(lag);
    return ledger::ok();
  }
  // Brought into the table now, because it cannot be when the group is finished.
  const auto brought = change_timeliness(key, [](ledger::TimelinessMonth&) {});
  if (!brought) return brought.error();
  nation_aside_.emplace_back(key, ledger::TimelinessMonth()).second.add_lag(lag);
  return ledger::ok();
}

Result<void> StateStore::record_lag(PracticeNumber practice, ledger::Date service,
                                    ledger::Date received) {
  const std::uint32_t lag = ledger::lag_days(service, received);
  // Read without the lock: only this thread changes practices.
  const ledger::PracticeId& id = practices_[practice.value()].id;
  for (const auto& [basis, day] :
       {std::pair(Basis::received, received), {Basis::service, service}}) {
    const ledger::Month month = ledger::month_of(day);
    const auto counted = change_timeliness(
        {practice, basis, month}, [lag](ledger::TimelinessMonth& row) { row.add_lag(lag); });
    if (!counted) return counted.error();
    const auto put = put_nation_aside(basis, month, lag);
    if (!put) return put.error();
    encode_lag_content(id, basis, month, lag, encoded_);
    applied_.totals.checksum.add("t", {}, encoded_);
  }
  if (practices_[practice.value()].last_received >= received &&
      practices_[practice.value()].active_days != 0) {
    return ledger::ok();
  }
  const std::unique_lock lock(practices_mutex_);
  practices_[practice.value()].note_received(received);
  is_practice_changed_[practice.value()] = true;
  return ledger::ok();
}

Result<void> StateStore::record_tally(const ledger::Tally& tally) {
  std::vector<PracticeNumber> counted_for{ledger::nation};
  if (!tally.practice.view().empty()) {
    // What is refused makes no practice known: anybody could make up any number of them.
    const auto practice = practice_number(tally.practice);
    if (practice) counted_for.push_back(*practice);
  }
  for (const PracticeNumber whose : counted_for) {
    const auto changed = change_timeliness({whose, Basis::received, tally.month},
                                           [&](ledger::TimelinessMonth& month) {
                                             if (tally.code == ledger::Code::none) {
                                               month.duplicates += tally.count;
                                             } else {
                                               month.add_rejected(tally.code, tally.count);
                                             }
                                           });
    if (!changed) return changed.error();
  }
  (tally.code == ledger::Code::none ? applied_.totals.duplicates : applied_.totals.rejected) +=
      tally.count;
  ++active_items_;
  return ledger::ok();
}

Result<ledger::TimelinessMonth> StateStore::timeliness(const ledger::TimelinessKey& key) const {
  ledger::TimelinessMonth month;
  if (timeliness_.visit(key, [&](const ledger::TimelinessMonth& row) { month = row; })) {
    return month;
  }
  rocksdb::PinnableSlice value;
  const auto found = files_->get(StateFamily::timeliness, timeliness_key(key), value);
  if (!found) return found.error();
  if (!found.value()) return month;
  auto decoded = decode_timeliness(view_of(value));
  if (!decoded) return files_->undecodable(StateFamily::timeliness);
  return decoded;
}

// ---- events ----

Result<void> StateStore::record_events(std::span<const ledger::Event> new_events) {
  if (new_events.empty()) return ledger::ok();
  for (const ledger::Event& event : new_events) {
    if (const auto storable = require_storable("event", event); !storable) return storable;
  }
  const std::lock_guard lock(events_mutex_);
  std::uint32_t ordinal = 0;
  for (const ledger::Event& event : new_events) {
    active_events_.push_back({ordinal++, event});
    ++applied_.totals.events[static_cast<std::size_t>(event.type)];
    applied_.totals.refunded_ore += event.amount.ore();
  }
  newest_event_.store(new_events.back().cause.value(), std::memory_order_release);
  return ledger::ok();
}

Result<std::vector<std::pair<std::uint32_t, ledger::Event>>> StateStore::events(
    Position after_cause, std::uint32_t after_ordinal, std::size_t limit) const {
  std::vector<std::pair<std::uint32_t, ledger::Event>> found;
  const auto take_after = [&](const std::vector<PendingEvent>& pending) {
    const auto is_before = [&](const PendingEvent& event) {
      return std::pair(event.event.cause, event.ordinal) <= std::pair(after_cause, after_ordinal);
    };
    auto next = std::partition_point(pending.begin(), pending.end(), is_before);
    for (; next != pending.end() && found.size() < limit; ++next) {
      found.emplace_back(next->ordinal, next->event);
    }
  };
  // Memory first: what is handed over meanwhile is then found in the files, never missed.
  std::vector<std::pair<std::uint32_t, ledger::Event>> in_memory;
  {
    const std::lock_guard lock(events_mutex_);
    take_after(frozen_events_);
    take_after(active_events_);
    in_memory.swap(found);
  }
  const std::unique_ptr<rocksdb::Iterator> row{files_->database.db().NewIterator(
      rocksdb::ReadOptions(), files_->database.family(index_of(StateFamily::events)))};
  for (row->Seek(event_key(after_cause, after_ordinal)); row->Valid() && found.size() < limit;
       row->Next()) {
    const auto event = decode_event(view_of(row->key()), view_of(row->value()));
    if (!event) return files_->undecodable(StateFamily::events);
    const std::uint32_t ordinal = decode_event_ordinal(view_of(row->key()));
    if (event.value().cause == after_cause && ordinal == after_ordinal) continue;
    if (!in_memory.empty() && event.value().cause >= in_memory.front().second.cause) break;
    found.emplace_back(ordinal, event.value());
  }
  if (!row->status().ok()) return files_->database.fault(row->status(), FaultKind::unreadable);
  for (const auto& event : in_memory) {
    if (found.size() == limit) break;
    found.push_back(event);
  }
  return found;
}

Result<bool> StateStore::has_event(Position cause, std::uint32_t ordinal) const {
  if (cause.value() == 0) return false;
  constexpr std::uint32_t last = std::numeric_limits<std::uint32_t>::max();
  const auto found =
      ordinal == 0 ? events(Position{cause.value() - 1}, last, 1) : events(cause, ordinal - 1, 1);
  if (!found) return found.error();
  if (found.value().empty()) return false;
  const auto& [place, event] = found.value().front();
  return event.cause == cause && place == ordinal;
}

// ---- unpaid registrations ----

Result<void> StateStore::add_unpaid(const ledger::UnpaidKey& key,
                                    const ledger::UnpaidRegistration& registration) {
  unpaid_.add(key, registration);
  return ledger::ok();
}

Result<void> StateStore::remove_unpaid(const ledger::UnpaidKey& key) {
  unpaid_.remove(key);
  return ledger::ok();
}

Result<std::vector<ledger::UnpaidRegistration>> StateStore::unpaid(const ledger::UnpaidKey& after,
                                                                   ledger::Date last_day,
                                                                   std::size_t limit) const {
  std::vector<ledger::UnpaidRegistration> found;
  const ledger::UnpaidKey end{after.practice, last_day,
                              Position{std::numeric_limits<std::uint64_t>::max()}};
  ledger::UnpaidKey last = after;
  while (found.size() < limit && last < end) {
    const ledger::UnpaidKey first{last.practice, last.service_date,
                                  Position{last.position.value() + 1}};
    last = end;
    // Memory first: what is handed over meanwhile is then found in the files, never missed.
    UnpaidTable::Changes rows = unpaid_.changes(first, last, limit);
    const auto read = add_unpaid_of_files(first, last, limit + rows.size(), rows);
    if (!read) return read.error();
    for (const auto& [key, registration] : rows) {
      if (registration && found.size() < limit) found.push_back(*registration);
    }
  }
  return found;
}

/// Each row of memory hides at most one of the files: so many more are read.
Result<void> StateStore::add_unpaid_of_files(const ledger::UnpaidKey& first,
                                             const ledger::UnpaidKey& last, std::size_t rows_max,
                                             UnpaidTable::Changes& rows) const {
  const std::unique_ptr<rocksdb::Iterator> row{files_->database.db().NewIterator(
      rocksdb::ReadOptions(), files_->database.family(index_of(StateFamily::unpaid)))};
  std::size_t count = 0;
  for (row->Seek(unpaid_key(first)); row->Valid() && count < rows_max; row->Next(), ++count) {
    const ledger::UnpaidKey key = decode_unpaid_key(view_of(row->key()));
    if (key > last) break;
    const auto registration = decode_unpaid(view_of(row->key()), view_of(row->value()));
    if (!registration) return files_->undecodable(StateFamily::unpaid);
    rows.try_emplace(key, registration.value());
  }
  if (!row->status().ok()) return files_->database.fault(row->status(), FaultKind::unreadable);
  return ledger::ok();
}

// ---- groups and hand-over ----

void StateStore::begin_group(Position position) {
  if (stripes_to_thaw_ != 0 && is_handed_over()) thaw_next();
  begun_.store(position.value(), std::memory_order_release);
}

std::string StateStore::failure() const {
  const std::lock_guard lock(hand_over_mutex_);
  return hand_over_error_;
}

void StateStore::finish_group(const ledger::CommitGroup& group) {
  put_into_table();
  expected_.clear();  // the files may change from here on
  next_expected_ = 0;
  for (const auto& [key, lags] : nation_aside_) {
    const bool is_there =
        timeliness_.update(key, [&lags = lags](ledger::TimelinessMonth& row) { row.merge(lags); });
    LEDGER_ASSERT(is_there);
  }
  nation_aside_.clear();
  applied_.next_position = group.next_position();
  applied_.rule_pack = group.rule_pack;
  if (group.new_rules) applied_.rules = ledger::RulePack::canonical_text(*group.new_rules);
  {
    const std::lock_guard lock(head_mutex_);
    head_ = applied_;
  }
  want_room();
  if (active_items_ < options_.hand_over_items) return;
  {
    std::unique_lock lock(hand_over_mutex_);
    if (is_abandoned_) return;
    if (is_frozen_ && active_items_ < 2 * options_.hand_over_items) return;
    hand_over_changed_.wait(lock, [this] { return !is_frozen_ || is_abandoned_; });
    if (is_frozen_ || is_abandoned_) return;
  }
  freeze();
}

/// Memory for the first changes when some have come, and for those behind the first hand-over when
/// half of its changes have; from then on both are used in turn.
void StateStore::want_room() {
  const std::uint64_t share = rooms_wanted_ == 0 ? 64 : 2;
  if (rooms_wanted_ == 2 || active_items_ < options_.hand_over_items / share) return;
  ++rooms_wanted_;
  {
    const std::lock_guard lock(hand_over_mutex_);
    is_room_wanted_ = true;
  }
  hand_over_changed_.notify_all();
}

void StateStore::begin_hand_over() {
  {
    std::unique_lock lock(hand_over_mutex_);
    hand_over_changed_.wait(lock, [this] { return !is_frozen_ || is_abandoned_; });
    if (is_frozen_ || is_abandoned_) return;
  }
  if (active_items_ != 0) freeze();
}

Result<void> StateStore::await_hand_over() {
  std::unique_lock lock(hand_over_mutex_);
  hand_over_changed_.wait(lock, [this] { return !is_frozen_ || is_abandoned_; });
  if (is_abandoned_) return Errc::store_unavailable;
  return ledger::ok();
}

Result<void> StateStore::check_files(const std::function<bool()>& stop) const {
  return files_->database.check_files(stop);
}

void StateStore::copy_files(const fs::path& folder) const { files_->database.copy_to(folder); }

std::uint32_t StateStore::back_up(DatabaseBackups& backups,
                                  const DatabaseBackups::OnBytes& on_bytes) const {
  return backups.add(files_->database, on_bytes);
}

AppliedState StateStore::head() const {
  const std::lock_guard lock(head_mutex_);
  return head_;
}

void StateStore::note_durable(Position next_position) {
  bool is_awaited = false;
  {
    const std::lock_guard lock(hand_over_mutex_);
    durable_ = std::max(durable_, next_position.value());
    is_awaited = is_frozen_;
  }
  if (is_awaited) hand_over_changed_.notify_all();
}

void StateStore::abandon() {
  {
    const std::lock_guard lock(hand_over_mutex_);
    is_abandoned_ = true;
  }
  hand_over_changed_.notify_all();
}

bool StateStore::is_handed_over() const {
  const std::lock_guard lock(hand_over_mutex_);
  return !is_frozen_;
}

/// What has been handed over leaves the frozen tiers in steps, one before each group.
void StateStore::thaw_next() {
  const std::size_t stripe = --stripes_to_thaw_;
  registrations_.thaw_stripe(stripe);
  accounts_.thaw_stripe(stripe);
  numbers_.thaw_stripe(stripe);
  timeliness_.thaw_stripe(stripe);
}

void StateStore::freeze() {
  while (stripes_to_thaw_ != 0) thaw_next();
  stripes_to_thaw_ = stripe_count;
  registrations_.freeze();
  accounts_.freeze();
  numbers_.freeze();
  timeliness_.freeze();
  {
    const std::unique_lock lock(practices_mutex_);
    for (std::uint32_t i = 1; i < practices_.size(); ++i) {
      if (!is_practice_changed_[i]) continue;
      frozen_practices_.emplace_back(PracticeNumber{i}, practices_[i]);
      is_practice_changed_[i] = false;
    }
  }
  {
    const std::lock_guard lock(events_mutex_);
    frozen_events_.swap(active_events_);
  }
  unpaid_.freeze();
  active_items_ = 0;
  {
    const std::lock_guard lock(hand_over_mutex_);
    frozen_applied_ = applied_;
    is_frozen_ = true;
  }
  hand_over_changed_.notify_all();
}

void StateStore::run_hand_over() {
  std::unique_lock lock(hand_over_mutex_);
  for (;;) {
    hand_over_changed_.wait(
        lock, [this] { return is_frozen_ || is_stopping_ || is_abandoned_ || is_room_wanted_; });
    if (is_abandoned_ || (is_stopping_ && !is_frozen_)) return;
    if (!is_frozen_) {
      is_room_wanted_ = false;
      lock.unlock();
      registrations_.make_room_for_changes();
      lock.lock();
      continue;
    }
    lock.unlock();
    std::string error;
    bool is_done = false;
    try {
      is_done = hand_over_frozen();
    } catch (const std::exception& exception) {
      error = exception.what();
    }
    lock.lock();
    if (!error.empty()) {
      // The rows stay in memory and are found there; the journal has everything.
      hand_over_error_ = error;
      is_abandoned_ = true;
      hand_over_changed_.notify_all();
      return;
    }
    // Given up, its rows are in no file: they stay in memory.
    if (!is_done) return;
    is_frozen_ = false;
    hand_over_changed_.notify_all();
  }
}

/// False when it was given up because the journal will never have it.
bool StateStore::hand_over_frozen() {
  std::vector<rocksdb::IngestExternalFileArg> arguments;
  // `rows` are in the order of their encoded keys: every key type sorts as its bytes do, which the
  // file writer insists on.
  const auto write_family = [&](StateFamily family, const auto& rows, const auto& encode) {
    if (rows.empty()) return;
    const rocksdb::Options options(
        rocksdb::DBOptions(files_->database.db().GetDBOptions()),
        files_->database.db().GetOptions(files_->database.family(index_of(family))));
    // What is handed over is read soon: it stays in the system's cache of files.
    constexpr bool invalidate_page_cache = false;
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options, nullptr, invalidate_page_cache);
    const fs::path path = files_->hand_over_folder / (std::to_string(++files_made_) + ".sst");
    rocksdb::Status status = writer.Open(path.string());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i + 32 < rows.size()) prefetch_row(rows[i + 32]);
      if (i + 16 < rows.size()) prefetch_content(rows[i + 16]);
      const auto [key, value] = encode(rows[i]);
      if (status.ok()) status = write_row(writer, {key.data(), key.size()}, value);
    }
    if (status.ok()) status = writer.Finish();
    if (!status.ok()) files_->fail_hand_over(status);
    rocksdb::IngestExternalFileArg argument;
    argument.column_family = files_->database.family(index_of(family));
    argument.external_files = {path.string()};
    argument.options.move_files = true;
    argument.options.snapshot_consistency = true;
    argument.options.write_global_seqno = false;
    arguments.push_back(std::move(argument));
  };

  write_family(StateFamily::registrations, registrations_.frozen_rows(), [](const auto& row) {
    return std::pair(registration_key(row.first), row.second->view());
  });
  write_family(StateFamily::accounts, accounts_.frozen_rows(), [](const auto& row) {
    return std::pair(account_key(row.first), std::string_view(*row.second));
  });
  const auto numbers = numbers_.frozen_rows();
  write_family(StateFamily::numbers, numbers, [](const auto& row) {
    return std::pair(number_key(row.first), encode_person_id(*row.second));
  });
  std::vector<std::pair<ledger::PersonId, ledger::EncryptedNumber>> persons;
  persons.reserve(numbers.size());
  for (const auto& [number, person] : numbers) persons.emplace_back(*person, number);
  std::sort(persons.begin(), persons.end());
  write_family(StateFamily::persons, persons, [](const auto& row) {
    return std::pair(person_key(row.first), number_key(row.second));
  });
  write_family(StateFamily::practices, frozen_practices_, [](const auto& row) {
    return std::pair(practice_key(row.first), encode_practice(row.second));
  });
  write_family(StateFamily::timeliness, timeliness_.frozen_rows(), [](const auto& row) {
    return std::pair(timeliness_key(row.first), encode_timeliness(*row.second));
  });
  write_family(StateFamily::events, frozen_events_, [](const PendingEvent& pending) {
    return std::pair(event_key(pending.event.cause, pending.ordinal), encode_event(pending.event));
  });
  const std::vector<UnpaidTable::Changes::value_type> unpaid(unpaid_.frozen().begin(),
                                                             unpaid_.frozen().end());
  write_family(StateFamily::unpaid, unpaid, [](const auto& row) {
    const auto& [key, registration] = row;
    return std::pair(unpaid_key(key), registration ? std::optional(encode_unpaid(*registration))
                                                   : std::optional<std::string>());
  });
  {
    std::unique_lock lock(hand_over_mutex_);
    // State that the journal does not have yet must never reach the files.
    hand_over_changed_.wait(lock, [this] {
      return is_abandoned_ || is_stopping_ || durable_ >= frozen_applied_.next_position.value();
    });
    if (is_abandoned_ || durable_ < frozen_applied_.next_position.value()) return false;
  }
  write_family(StateFamily::meta, std::vector{frozen_applied_}, [](const AppliedState& applied) {
    return std::pair(std::string(applied_key), encode_applied(applied));
  });

  const rocksdb::Status status = files_->database.db().IngestExternalFiles(arguments);
  if (!status.ok()) files_->fail_hand_over(status);
  frozen_practices_.clear();
  unpaid_.forget_frozen();
  forget_new_persons(ledger::PersonId{frozen_applied_.totals.persons});
  const std::lock_guard lock(events_mutex_);
  frozen_events_.clear();
  return true;
}

/// Those up to `last` are in the files now.
void StateStore::forget_new_persons(ledger::PersonId last) {
  const std::lock_guard lock(new_persons_mutex_);
  const auto count = last.value() + 1 - first_new_person_.value();
  new_persons_.erase(new_persons_.begin(),
                     new_persons_.begin() + static_cast<std::ptrdiff_t>(count));
  first_new_person_ = ledger::PersonId{last.value() + 1};
}

}  // namespace storage
