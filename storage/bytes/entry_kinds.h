#pragma once

#include <cstdint>
#include <string_view>

// Numbers that the writer and the reader of entries share. Included by their .cc files only.
namespace storage {

// Kinds, the first byte of an entry and of its leaf. STORED.
inline constexpr unsigned kind_item = 15;          // plus the type of the item
inline constexpr unsigned kind_person_event = 32;  // plus the type of the event
inline constexpr unsigned kind_practice_event = 48;
inline constexpr unsigned kind_statement = 64;
inline constexpr unsigned kind_key = 65;
inline constexpr unsigned kind_access_log = 66;
inline constexpr unsigned kind_checkpoint = 67;
inline constexpr unsigned kind_act = 68;

// Flags of an item. STORED.
inline constexpr std::uint32_t item_paid = 1;
inline constexpr std::uint32_t item_exemption = 2;
inline constexpr std::uint32_t item_new_practice = 4;
inline constexpr std::uint32_t item_new_person = 8;
inline constexpr std::uint32_t item_received_fraction = 16;
inline constexpr std::uint32_t item_service_fraction = 32;
inline constexpr std::uint32_t item_flags = 63;

// Flags of an event of a registry. STORED.
inline constexpr std::uint32_t event_new = 1;
inline constexpr std::uint32_t event_date = 2;
inline constexpr std::uint32_t event_flags = 3;

inline std::string_view bytes_of(const auto& array) {
  return {reinterpret_cast<const char*>(array.data()), array.size()};
}

}  // namespace storage
