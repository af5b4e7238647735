#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "ledger/records/item.h"
#include "ledger/records/registration.h"
#include "ledger/records/registry_event.h"
#include "ledger/values/digest.h"
#include "ledger/values/ids.h"

namespace ledger {

/// An accepted item as the journal keeps it: what was reported, who it concerns, what was decided.
struct ItemEntry {
  Item item;
  PracticeNumber practice;
  bool is_new_practice = false;  ///< first seen here: the entry introduces number and identifier
  PersonId person;               ///< 0 = nobody: sent while the person was opted out
  bool is_new_person = false;    ///< first seen here: the entry introduces id and encrypted number
  bool is_erased = false;        ///< the number that it introduced has been erased
  Position previous;             ///< the item, or merge, before it in the same account; 0 = none
  Verdict verdict;
};

/// The newest entries of the two accounts of a year that a merge joins; 0 = none.
struct JoinedYear {
  int year = 0;
  Position kept;   ///< of the person who stays
  Position other;  ///< of the other person
  friend bool operator==(const JoinedYear&, const JoinedYear&) = default;
};

/// The most years that a person can have accounts of.
inline constexpr std::size_t joined_years_max = 200;
/// The most entries that one `opted_in` can name.
inline constexpr std::size_t meanwhile_max = 100'000;

/// An accepted event about a person as the journal keeps it.
struct PersonEntry {
  PersonEvent event;
  Position position;
  PersonId person;                ///< whom the event leaves; after a merge the one who stays
  PersonId other;                 ///< who was merged into that one; 0 = nobody
  bool is_new_person = false;     ///< first seen here: the entry introduces the id
  bool is_erased = false;         ///< its numbers have been erased
  Position previous;              ///< the event before it of the same person; 0 = none
  Position other_previous;        ///< of a merge: the newest event of the other person; 0 = none
  std::vector<JoinedYear> years;  ///< of a merge: by year; the years in which either has an account
  /// Of `opted_in`: the payments and credit notes of the person's registrations that came while the
  /// person was opted out, and so name nobody themselves. Ascending.
  std::vector<Position> meanwhile;
};

/// An accepted event about a practice as the journal keeps it.
struct PracticeEntry {
  PracticeEvent event;
  Position position;
  PracticeNumber practice;
  bool is_new_practice = false;  ///< first seen here: the entry introduces number and identifier
  bool is_erased = false;        ///< the numbers of its practitioners have been erased
  Position previous;             ///< the event before it of the same practice; 0 = none
};

/// A statement of a year has been made: its place in the series, and what it hands over.
struct StatementEntry {
  Position position;
  Instant made_at;
  int year = 0;
  std::uint32_t number = 0;  ///< 1, 2, 3 ... within the year
  Position up_to;     ///< the newest entry that it covers, and the last whose refund lines it pays
  Digest manifest{};  ///< the SHA-256 of its manifest
  friend bool operator==(const StatementEntry&, const StatementEntry&) = default;
};

/// From the next group on another key signs. The key before it vouches for it.
struct KeyEntry {
  Position position;
  Instant made_at;
  PublicKey key{};
  Signature signature{};  ///< over key_change_text(), with the key before
  friend bool operator==(const KeyEntry&, const KeyEntry&) = default;
};

/// How far the sealed access log of a node had got.
struct AccessLogEntry {
  Position position;
  Instant at;
  std::uint32_t node = 0;
  std::uint64_t blocks = 0;  ///< how many there are
  Digest root{};             ///< of the newest of them
  friend bool operator==(const AccessLogEntry&, const AccessLogEntry&) = default;
};

/// What the state was, so that who replays the journal can compare without asking.
struct CheckpointEntry {
  Position position;
  Position up_to;                           ///< the last place that is contained in it
  std::array<std::uint8_t, 16> checksum{};  ///< of the state
  friend bool operator==(const CheckpointEntry&, const CheckpointEntry&) = default;
};

/// Somebody has had the ledger do something with itself, for those who ask later who it was.
struct ActEntry {
  Position position;
  Instant at;
  std::string by;   ///< a program or a person, never a national number
  std::string act;  ///< one word: `backup`, `reload` ...
  std::string of;   ///< with what: a year, a folder; may be empty
  friend bool operator==(const ActEntry&, const ActEntry&) = default;
};

/// Of each text of an act.
inline constexpr std::size_t act_text_bytes_max = 200;

/// What the journal keeps, in one order.
using Entry = std::variant<ItemEntry, PersonEntry, PracticeEntry, StatementEntry, KeyEntry,
                           AccessLogEntry, CheckpointEntry, ActEntry>;

/// The entry of an item; null when it is of another kind.
inline const ItemEntry* item_of(const Entry& entry) { return std::get_if<ItemEntry>(&entry); }
inline ItemEntry* item_of(Entry& entry) { return std::get_if<ItemEntry>(&entry); }

inline Position position_of(const Entry& entry) {
  return std::visit(
      [](const auto& kind) {
        if constexpr (std::is_same_v<decltype(kind), const ItemEntry&>) {
          return kind.verdict.position;
        } else {
          return kind.position;
        }
      },
      entry);
}

/// Gives the entry its place.
inline void set_position(Entry& entry, Position position) {
  std::visit(
      [position](auto& kind) {
        if constexpr (std::is_same_v<decltype(kind), ItemEntry&>) {
          kind.verdict.position = position;
        } else {
          kind.position = position;
        }
      },
      entry);
}

/// How often a practice's items were refused or repeated in a commit group.
struct Tally {
  PracticeId practice;     ///< empty: not attributable, counted for the nation only
  Month month{};           ///< of receipt
  Code code = Code::none;  ///< the reason of a rejection; `none` = a duplicate
  std::uint64_t count = 0;

  friend bool operator==(const Tally&, const Tally&) = default;
};

}  // namespace ledger
