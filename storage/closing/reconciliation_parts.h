#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/records/entry.h"
#include "ledger/records/event.h"
#include "ledger/reference/reconcile.h"
#include "ledger/values/result.h"
#include "storage/closing/owners.h"
#include "storage/files/report_progress.h"
#include "storage/files/spill.h"
#include "storage/state/text_hash.h"

// What a reconciliation puts aside in files, to take it up part by part.
namespace storage {

// A record about a person says whom it is `of` in the journal's own words. Who that person is now,
// the `owner`, is filled in when a part is read: see read_part().

/// An entry of the journal that belongs to the year, or may: of payments and credit notes only
/// their registration knows.
struct PutAsideEntry {
  std::uint64_t owner = 0;
  std::uint64_t of = 0;      ///< who the registration was reported for; 0 = nobody
  std::uint64_t person = 0;  ///< whom the entry names
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

PutAsideEntry put_aside(const ledger::ItemEntry& entry, ledger::PersonId of,
                        std::uint32_t rule_pack);
ledger::ItemEntry take_up(const PutAsideEntry& record);

/// An accepted event of a registry of persons: what concerns the year, and nothing of variable
/// size.
struct PutAsideRegistryEvent {
  std::uint64_t owner = 0;
  std::uint64_t of = 0;
  std::uint64_t other = 0;
  std::uint64_t position = 0;
  std::uint64_t previous = 0;
  std::uint64_t other_previous = 0;
  std::uint64_t joined_kept = 0;
  std::uint64_t joined_other = 0;
  std::int64_t received_seconds = 0;
  std::int32_t received_nanoseconds = 0;
  std::int32_t day = 0;
  std::uint32_t rule_pack = 0;
  std::uint8_t type = 0;
  bool has_day = false;
  bool has_joined = false;  ///< a merge that joined accounts of the year
};

PutAsideRegistryEvent put_aside(const ledger::PersonEntry& entry, int year,
                                std::uint32_t rule_pack);
ledger::PersonEntry take_up(const PutAsideRegistryEvent& record, int year);

/// A period of an event about minimum pension.
struct PutAsidePeriod {
  std::uint64_t owner = 0;
  std::uint64_t of = 0;
  std::uint64_t position = 0;  ///< of the event
  std::int32_t from = 0;
  std::int32_t to = 0;
  bool has_to = false;
};

/// An entry that an `opted_in` names.
struct PutAsideMeanwhile {
  std::uint64_t owner = 0;
  std::uint64_t of = 0;
  std::uint64_t position = 0;  ///< of the event
  std::uint64_t entry = 0;
};

/// What has been told, of the year; of a merge the cards of the year.
struct PutAsideEvent {
  std::uint64_t owner = 0;
  std::uint64_t of = 0;
  std::uint64_t cause = 0;
  std::uint64_t registration = 0;
  std::uint64_t merged = 0;
  std::int64_t amount_ore = 0;
  std::int32_t entitled_from = 0;
  std::int32_t moved_from = 0;
  ledger::CardId card{};
  ledger::CardId replaced{};
  std::uint32_t ordinal = 0;
  std::uint8_t type = 0;
  bool has_replaced = false;
};

PutAsideEvent put_aside(const ledger::Event& event, std::uint32_t ordinal, int year);
ledger::Event take_up(const PutAsideEvent& record, int year);

/// A person and an encrypted number that leads there.
struct PutAsideNumber {
  std::uint64_t owner = 0;
  std::uint64_t of = 0;
  std::uint64_t position = 0;  ///< of the entry that says so; 0 in the index
  ledger::EncryptedNumber number;
  bool is_in_use = false;  ///< from that entry on
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
  std::uint32_t practice = 0;  ///< 0 = the nation alone
  std::uint32_t month = 0;     ///< number_of()
  std::uint64_t count = 0;
  std::uint8_t code = 0;
};

/// A tally of a practice that has no number.
struct PutAsideRefusal {
  ledger::PracticeId practice;
  std::uint32_t month = 0;  ///< number_of()
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
        registry_events(folder, "registry_events", parts),
        periods(folder, "periods", parts),
        meanwhile(folder, "meanwhile", parts),
        events(folder, "events", parts),
        introduced(folder, "introduced", parts),
        indexed(folder, "indexed", parts),
        registrations(folder, "registrations", parts),
        unpaid(folder, "unpaid", parts),
        lags(folder, "lags", parts),
        tallies(folder, "tallies", parts),
        refusals(folder, "refusals", parts),
        found_refusals(folder, "found_refusals", parts) {}

  std::size_t count;
  std::uint64_t persons;
  std::uint64_t practices;
  Spill<PutAsideEntry> entries;  ///< by owner; what is nobody's, by the registration
  Spill<PutAsideRegistryEvent> registry_events;  ///< by owner
  Spill<PutAsidePeriod> periods;                 ///< by owner
  Spill<PutAsideMeanwhile> meanwhile;            ///< by owner
  Spill<PutAsideEvent> events;                   ///< by owner
  Spill<PutAsideNumber> introduced;              ///< by owner: as the journal has it
  Spill<PutAsideNumber> indexed;                 ///< by the person in the index
  Spill<PutAsideRegistration> registrations;     ///< by fingerprint
  Spill<PutAsideUnpaid> unpaid;                  ///< by practice
  Spill<PutAsideLag> lags;                       ///< by practice
  Spill<PutAsideTally> tallies;                  ///< by practice
  Spill<PutAsideRefusal> refusals;               ///< by part_of_stranger(): as the journal has it
  Spill<PutAsideRefusal> found_refusals;         ///< by part_of_stranger(): as the state has it

  /// Everything has been put aside that collecting finds.
  void finish_collected() {
    finish_persons();
    indexed.finish();
    lags.finish();
    tallies.finish();
    refusals.finish();
    found_refusals.finish();
  }
  /// What has been put aside by owner, by what was taken for who is whom, takes its place by who is
  /// whom indeed.
  void place_again(const Owners& owners);
  /// What was put aside by owner is not needed any more.
  void remove_persons(std::size_t part);

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
  /// By whose it is.
  template <class Record>
  std::size_t part_for(const Record& record, const Owners& owners) const {
    return part_of_person(owners.of(ledger::PersonId{record.of}));
  }
  std::size_t part_for(const PutAsideEntry& entry, const Owners& owners) const;
  /// Puts a record about a person aside.
  template <class Record>
  void add(Spill<Record>& spill, const Record& record, const Owners& owners) {
    spill.add(part_for(record, owners), record);
  }
  /// The records of a part, each with its owner.
  template <class Record>
  std::vector<Record> read_part(const Spill<Record>& spill, std::size_t part,
                                const Owners& owners) const {
    std::vector<Record> records = spill.read(part);
    // What has taken its place again is left where it was.
    std::erase_if(records, [&](const Record& record) { return part_for(record, owners) != part; });
    for (Record& record : records) {
      record.owner = owners.of(ledger::PersonId{record.of}).value();
    }
    return records;
  }

  std::size_t part_of_practice(ledger::PracticeNumber practice) const {
    return part_of(practice.value(), practices);
  }
  /// Of a practice that has no number.
  std::size_t part_of_stranger(const ledger::PracticeId& practice) const {
    return TextHash{}(practice.view()) % count;
  }

  /// Registrations are spread by the upper half of the fingerprint's first number.
  static constexpr std::uint64_t fingerprints = std::uint64_t{1} << 32;
  std::size_t part_of_fingerprint(std::uint64_t high) const {
    return part_of(high >> 32, fingerprints);
  }

 private:
  void finish_persons();
  template <class Record>
  void place_again(Spill<Record>& spill, const Owners& owners);
};

/// Takes each difference that is found.
using UseDifference = std::function<void(const ledger::Difference&)>;

/// Throws std::runtime_error that says what cannot be read and what to do.
void require_read(const ledger::Result<void>& read, const char* what);

}  // namespace storage
