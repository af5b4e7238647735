#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/values/ids.h"
#include "ledger/values/oslo_time.h"

namespace ledger {

/// What a registry of persons tells. STORED: numbers never change.
enum class PersonEventType : std::uint8_t {
  birth_date = 1,       ///< replaces what was known
  number_changed = 2,   ///< both numbers are this person's; the new one is in use
  merged = 3,           ///< two persons are one; the first number is in use
  died = 4,             ///< or the death is annulled
  opted_out = 5,        ///< in force from this event on
  opted_in = 6,         ///< ends it
  minimum_pension = 7,  ///< replaces all periods
};
inline constexpr std::size_t person_event_type_count = 7;

/// The type as it stands on the wire: `birthDate`.
std::string_view name_of(PersonEventType type);

/// Days from the first to the last, both included; without a last one it goes on.
struct Period {
  Date from{};
  std::optional<Date> to;
  friend bool operator==(const Period&, const Period&) = default;
};

/// The days that a registry may name: those of four digits.
inline constexpr Date registry_first_day = std::chrono::year{1} / 1 / 1;
inline constexpr Date registry_last_day = std::chrono::year{9999} / 12 / 31;

/// Each begins after the one before it has ended, and only the last may go on.
bool are_in_order(const std::vector<Period>& periods);
bool covers(const std::vector<Period>& periods, Date day);

/// The most periods that one event may have.
inline constexpr std::size_t periods_max = 1000;

/// A well-formed event of a registry of persons.
struct PersonEvent {
  PersonEventType type = PersonEventType::birth_date;
  Guid event_id;
  Instant received;
  EncryptedNumber person;
  EncryptedNumber other;        ///< `newPersonId`, `otherPersonId`; else zeros
  std::optional<Date> date;     ///< of birth; of death, nothing when it is annulled
  std::vector<Period> periods;  ///< of minimum pension

  bool has_other() const {
    return type == PersonEventType::number_changed || type == PersonEventType::merged;
  }
  /// The number that is in use from this event on.
  const EncryptedNumber& in_use() const {
    return type == PersonEventType::number_changed ? other : person;
  }
  friend bool operator==(const PersonEvent&, const PersonEvent&) = default;
};

/// The most organisation, HPR or person numbers that a practice may have of each.
inline constexpr std::size_t practice_numbers_max = 1000;
inline constexpr std::size_t practice_name_characters_max = 200;
/// As UTF-8.
inline constexpr std::size_t practice_name_bytes_max = 4 * practice_name_characters_max;
inline constexpr std::size_t practice_type_letters_max = 20;

/// A well-formed event of the registry of practices: the whole practice as it is from now on.
struct PracticeEvent {
  Guid event_id;
  Instant received;
  PracticeId practice;
  std::string name;
  std::string type;                               ///< letters and digits; empty: not known
  std::vector<std::string> organisation_numbers;  ///< nine digits each
  std::vector<std::string> hpr_numbers;           ///< one to nine digits each
  std::vector<EncryptedNumber> practitioners;     ///< with a personal agreement
  std::vector<Period> agreements;
  friend bool operator==(const PracticeEvent&, const PracticeEvent&) = default;
};

/// What the registry has said of a practice last.
struct RegisteredPractice {
  PracticeEvent event;
  Position position;  ///< of that event
};

/// What an accepted event is known by, for ever and over both feeds.
struct KnownEvent {
  Position position;
  std::uint64_t content_hash = 0;
  friend bool operator==(const KnownEvent&, const KnownEvent&) = default;
};

}  // namespace ledger
