#pragma once

#include <cstdint>
#include <string_view>

namespace ledger {

/// Why an item was rejected, or why an accepted one does not count. In the order in which the
/// checks run: the first that applies is the answer. STORED: numbers never change.
enum class Code : std::uint8_t {
  none = 0,

  // The item itself, judged before anything is looked up.
  malformed_item = 1,
  invalid_type = 2,
  unknown_field = 3,
  missing_field = 4,
  duplicate_field = 5,
  invalid_guid = 6,
  invalid_practice_id = 7,
  invalid_person_id = 8,
  invalid_service_type = 9,
  invalid_service_time = 10,
  invalid_amount = 11,
  invalid_paid = 12,
  invalid_exemption = 13,
  invalid_received_time = 14,
  exempt_with_amount = 15,
  practice_not_allowed = 16,
  unknown_practice = 17,
  no_agreement = 18,

  // What the ledger already knows.
  content_conflict = 19,
  no_rules_for_year = 20,
  future_service_time = 21,
  time_barred = 22,
  no_card_registered = 23,
  unknown_original = 24,
  original_credited = 25,
  too_old_to_credit = 26,
  atomic_aborted = 27,

  // Of events of the registries only.
  invalid_event_id = 28,
  invalid_date = 29,
  invalid_periods = 30,
  invalid_name = 31,
  invalid_practice_type = 32,
  invalid_numbers = 33,
  same_person = 34,
  event_conflict = 35,

  // Accepted but not counted.
  credited = 40,
  unpaid = 41,
  zero_amount = 42,
  under_16 = 43,
};

inline constexpr std::size_t code_count = 44;

/// Whether it is one of the codes with which an item can be rejected; `none` is not.
bool is_rejection(Code code);
/// Whether it can stand with an accepted item; `none` = it counts.
bool is_reason_not_counted(Code code);

/// The code as it stands on the wire: `TIME_BARRED`. Empty for `none`.
std::string_view name_of(Code code);

/// The field of the item or event that the code speaks of; empty when it is not one field. For
/// `unknown_field`, `missing_field` and `duplicate_field` the parser knows the name.
std::string_view field_of(Code code);

}  // namespace ledger
