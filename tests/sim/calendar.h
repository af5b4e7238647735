#pragma once

#include "ledger/values/oslo_time.h"

namespace sim {

/// Oslo's calendar: from the published dates of summer time for the years that a simulation is
/// about, and by counting to the last Sunday for all others. Shares nothing with the product's
/// arithmetic but the types, so that the oracle and the product cannot go wrong together.

ledger::Date oslo_day(ledger::Instant instant);

/// The instant at which the day begins in Oslo.
ledger::Instant oslo_midnight(ledger::Date day);

/// The instants at which clocks are moved in a year.
ledger::Instant spring_change(int year);
ledger::Instant autumn_change(int year);

/// The day `years` later; 28 February where there is no 29th.
ledger::Date years_after(ledger::Date day, int years);
/// The first day of the month that lies `months` after the month of `day`.
ledger::Date first_of_month_after(ledger::Date day, int months);

}  // namespace sim
