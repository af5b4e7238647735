#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <utility>

#include "ledger/records/entry.h"
#include "ledger/reference/reconcile.h"
#include "ledger/values/result.h"
#include "storage/files/report_progress.h"
#include "storage/files/spill.h"

// What a reconciliation puts aside in files, to take it up part by part.
namespace storage {

/// An entry of the journal that belongs to the year, or may: of payments and credit notes only
/// their registration knows.
struct PutAsideEntry {
  std::uint64_t person = 0;
  std::uint64_t position = 0;
  std::uint64_t previous = 0;
  std::int64_t service_seconds = 0;
  std::int64_t received_seconds = 0;
  std::array<std::uint8_t, 16> guid{};
  std::int32_t service_nanoseconds = 0;
  std::int32_t received_nanoseconds = 0;
  std::uint32_t practice = 0;
  std::uint32_t amount_ore = 0;
  std::uint32_t rule_pack = 0;  ///< index of those that the journal has had
  std::uint8_t type = 0;
  std::uint8_t service_type = 0;
  std::uint8_t reason = 0;
  char exemption = 0;
  bool is_paid = false;
  bool is_counted = false;
  bool is_exempt = false;
};

PutAsideEntry put_aside(const ledger::ItemEntry& entry, std::uint32_t rule_pack);
ledger::ItemEntry take_up(const PutAsideEntry& record);

struct PutAsideEvent {
  std::uint64_t person = 0;
  std::uint64_t cause = 0;
  std::uint64_t registration = 0;
  std::int64_t amount_ore = 0;
  std::uint32_t ordinal = 0;
  std::uint8_t type = 0;
};

/// A person and the encrypted number: as the journal introduced it, or as the index has it.
struct PutAsideNumber {
  std::uint64_t person = 0;
  std::array<std::uint8_t, 16> number{};
};

/// The row that the index of registrations must have.
struct PutAsideRegistration {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::uint8_t size = 0;
  char row[63] = {};

  std::string_view view() const { return {row, size}; }
  std::pair<std::uint64_t, std::uint64_t> key() const { return {high, low}; }
};

/// The row that the index of unpaid registrations must have.
struct PutAsideUnpaid {
  std::uint32_t practice = 0;
  std::int32_t service_day = 0;
  std::uint64_t position = 0;
  std::int64_t service_seconds = 0;
  std::int64_t received_seconds = 0;
  std::int32_t service_nanoseconds = 0;
  std::int32_t received_nanoseconds = 0;
  std::array<std::uint8_t, 16> guid{};
  std::int64_t amount_ore = 0;
};

PutAsideUnpaid put_aside(const ledger::UnpaidKey& key, const ledger::UnpaidRegistration& unpaid);
ledger::UnpaidKey key_of(const PutAsideUnpaid& record);
ledger::UnpaidRegistration take_up(const PutAsideUnpaid& record);

struct PutAsideLag {
  std::uint32_t practice = 0;
  std::int32_t service_day = 0;
  std::int32_t received_day = 0;
};

struct PutAsideTally {
  std::uint32_t practice = 0;
  std::int32_t month = 0;  ///< year * 12 + month - 1
  std::uint64_t count = 0;
  std::uint8_t code = 0;
};

/// Everything that is put aside. Each kind is spread over the same number of parts: ranges of
/// persons, of practices, or of fingerprints.
struct ReconciliationParts {
  /// `person_numbers` and `practice_numbers` are one more than the highest that is known.
  ReconciliationParts(const std::filesystem::path& folder, std::size_t parts,
                      std::uint64_t person_numbers, std::uint64_t practice_numbers)
      : count(parts),
        persons(person_numbers),
        practices(practice_numbers),
        entries(folder, "entries", parts),
        events(folder, "events", parts),
        introduced(folder, "introduced", parts),
        indexed(folder, "indexed", parts),
        registrations(folder, "registrations", parts),
        unpaid(folder, "unpaid", parts),
        lags(folder, "lags", parts),
        tallies(folder, "tallies", parts) {}

  std::size_t count;
  std::uint64_t persons;
  std::uint64_t practices;
  Spill<PutAsideEntry> entries;               ///< by person
  Spill<PutAsideEvent> events;                ///< by person
  Spill<PutAsideNumber> introduced;           ///< by person: as the journal has it
  Spill<PutAsideNumber> indexed;              ///< by person: as the index has it
  Spill<PutAsideRegistration> registrations;  ///< by fingerprint
  Spill<PutAsideUnpaid> unpaid;               ///< by practice
  Spill<PutAsideLag> lags;                    ///< by practice
  Spill<PutAsideTally> tallies;               ///< by practice

  /// Everything has been put aside that collecting finds.
  void finish_collected() {
    entries.finish();
    events.finish();
    introduced.finish();
    indexed.finish();
    lags.finish();
    tallies.finish();
  }

  /// The part of `number`, of `numbers` from 0.
  std::size_t part_of(std::uint64_t number, std::uint64_t numbers) const {
    return std::min<std::uint64_t>(number * count / numbers, count - 1);
  }
  /// The first number of a part; of the one after the last: `numbers`.
  std::uint64_t first_of(std::size_t part, std::uint64_t numbers) const {
    return (part * numbers + count - 1) / count;
  }
  bool is_last(std::size_t part) const { return part + 1 == count; }

  std::size_t part_of_person(ledger::PersonId person) const {
    return part_of(person.value(), persons);
  }
  /// The persons of a part: from the first to before the end.
  ledger::PersonId first_person(std::size_t part) const {
    return ledger::PersonId{first_of(part, persons)};
  }
  ledger::PersonId end_of_persons(std::size_t part) const {
    return is_last(part) ? ledger::PersonId{~std::uint64_t{0}} : first_person(part + 1);
  }
  std::size_t part_of_practice(ledger::PracticeNumber practice) const {
    return part_of(practice.value(), practices);
  }

  /// Registrations are spread by the upper half of the fingerprint's first number.
  static constexpr std::uint64_t fingerprints = std::uint64_t{1} << 32;
  std::size_t part_of_fingerprint(std::uint64_t high) const {
    return part_of(high >> 32, fingerprints);
  }
};

/// Takes each difference that is found.
using UseDifference = std::function<void(const ledger::Difference&)>;

/// Throws std::runtime_error that says what cannot be read and what to do.
void require_read(const ledger::Result<void>& read, const char* what);

}  // namespace storage
