#pragma once

#include <vector>

#include "ledger/ports/store.h"
#include "ledger/rules/history.h"
#include "ledger/rules/post.h"

namespace ledger {

/// Registrations are judged again when something becomes known of their person: first those stop
/// that no longer count, then those start that now do, in the order of their positions.

/// Whether somebody born on that day can be under 16 on a day of the year.
bool can_be_child(const std::optional<Date>& birth_date, int year);

inline Countable countable(const HeldRegistration& held) {
  return {held.position(), held.guid, held.registration.service_date, held.registration.amount};
}

/// Whether the registration counts of somebody born on that day.
bool shall_count(const HeldRegistration& held, const std::optional<Date>& birth_date);

/// Notes that a registration counts from now on, or no longer.
Result<void> put_counted(Store& store, HeldRegistration& held, bool is_counted);

/// Has those stop, and then those start, that have to; says whether any did.
Result<bool> judge_again(Store& store, Posting& posting, const std::optional<Date>& birth_date,
                         std::vector<HeldRegistration>& registrations);
/// Has those start that have to; says whether any did.
Result<bool> start_again(Store& store, Posting& posting, const std::optional<Date>& birth_date,
                         std::vector<HeldRegistration>& registrations);

}  // namespace ledger
