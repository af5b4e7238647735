#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace storage {

/// The families of the state database, numbered in the order of their handles. How each is kept
/// stands in `state_family_table` below, the bytes of its rows in format.h.
enum class StateFamily : std::uint8_t {
  meta,             ///< one row: how far the journal has been applied, with the totals
  registrations,    ///< fingerprint -> what was reported, and what came of it
  accounts,         ///< person and year -> sum, days, card, refund lines
  numbers,          ///< encrypted number -> person
  persons,          ///< person -> encrypted numbers
  facts,            ///< person -> what the registries have said
  registry_events,  ///< id of an accepted event of a registry -> its position and content
  practices,        ///< number -> the practice's own identifier, and its rhythm
  timeliness,       ///< practice, basis and month -> lags, resends, rejections
  events,           ///< cause and ordinal -> what other systems are told
  unpaid,           ///< practice, service day and position -> a registration not paid yet
  notes,            ///< position -> a statement, a key that signs from there, or an act
  refusals,         ///< practice that has no number yet -> resends and rejections, by month
};

struct StateFamilyTraits {
  enum class Bytes : std::uint8_t {
    regular,
    random,  ///< hashes and ciphertexts: to try to compress them takes a tenth of a merge
  };
  enum class Asked : std::uint8_t {
    what_is_there,
    also_what_is_not,  ///< then also the oldest files have filters that tell
  };

  StateFamily family;
  std::string_view name;  ///< in the files, in messages, in what a comparison finds
  Bytes bytes;
  Asked asked;
  std::uint8_t compared;  ///< its turn in a comparison: what people ask about comes first
};

inline constexpr auto state_family_table = [] {
  using enum StateFamily;
  using enum StateFamilyTraits::Bytes;
  using enum StateFamilyTraits::Asked;
  return std::to_array<StateFamilyTraits>({
      {meta, "meta", regular, what_is_there, 0},
      {registrations, "registrations", random, also_what_is_not, 2},
      {accounts, "accounts", regular, also_what_is_not, 1},
      {numbers, "numbers", random, also_what_is_not, 8},
      {persons, "persons", random, what_is_there, 7},
      {facts, "facts", regular, what_is_there, 10},
      {registry_events, "registry_events", random, also_what_is_not, 11},
      {practices, "practices", regular, what_is_there, 6},
      {timeliness, "timeliness", regular, also_what_is_not, 3},
      {events, "events", regular, what_is_there, 4},
      {unpaid, "unpaid", regular, what_is_there, 5},
      {notes, "notes", regular, what_is_there, 9},
      {refusals, "refusals", regular, also_what_is_not, 12},
  });
}();

/// The place of a family in the table, and of its handle in the database.
constexpr std::size_t index_of(StateFamily family) { return static_cast<std::size_t>(family); }

constexpr std::string_view name_of(StateFamily family) {
  return state_family_table[index_of(family)].name;
}

/// All families, in the order in which they are compared.
inline constexpr auto compared_families = [] {
  std::array<StateFamily, state_family_table.size()> families{};
  for (const StateFamilyTraits& traits : state_family_table) {
    families[traits.compared] = traits.family;
  }
  return families;
}();

static_assert(std::all_of(state_family_table.begin(), state_family_table.end(),
                          [](const StateFamilyTraits& traits) {
                            return &traits == &state_family_table[index_of(traits.family)] &&
                                   compared_families[traits.compared] == traits.family;
                          }),
              "families in the order of their numbers, each with a turn of its own");

}  // namespace storage
