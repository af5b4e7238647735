#pragma once

#include <cstdint>
#include <optional>

#include "ledger/values/code.h"
#include "ledger/values/ids.h"
#include "ledger/values/money.h"
#include "ledger/values/oslo_time.h"

namespace ledger {

/// What was answered when an item was accepted; a resend of it is answered the same.
struct Verdict {
  Position position;  ///< 0 = the item has not been accepted
  Code reason = Code::none;
  bool counted = false;
  bool exempt = false;

  bool is_given() const { return position.value() != 0; }
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// What the ledger keeps of an accepted co-payment, found by its fingerprint: enough to answer
/// resends, payments and credit notes without reading the journal.
struct Registration {
  PersonId person;  ///< who it was reported for; 0 = sent while the person was opted out
  std::uint64_t content_hash = 0;
  Money amount;
  Date service_date{};
  bool is_paid = false;      ///< now: reported paid, or a payment came
  bool is_credited = false;  ///< now
  bool is_counted = false;   ///< in its person's account, now
  Verdict reported;          ///< of the co-payment itself
  Verdict payment;           ///< of its payment confirmation, when there was one
  Verdict credit_note;       ///< of its credit note, when there was one

  friend bool operator==(const Registration&, const Registration&) = default;
};

/// A registration that nobody has paid nor credited yet, as its practice is reminded of it.
struct UnpaidRegistration {
  Position position;
  Guid guid;
  Instant service_time;
  Instant received;
  Money amount;

  friend bool operator==(const UnpaidRegistration&, const UnpaidRegistration&) = default;
};

/// What an unpaid registration is found by, in the order in which a practice is shown them.
struct UnpaidKey {
  PracticeNumber practice;
  Date service_date{};
  Position position;
  friend auto operator<=>(const UnpaidKey&, const UnpaidKey&) = default;
};

/// Why a registration does not count, the first that applies; `none` when it counts. As the item
/// alone says, when nothing is known of the person.
Code reason_not_counted(const Registration& registration);
/// Likewise, of a person born on that day.
Code reason_not_counted(const Registration& registration, std::optional<Date> birth_date);

/// The first day on which somebody born on that day is 16. Of 29 February it is 1 March in a year
/// that has no such day.
Date sixteenth_birthday(Date birth_date);

}  // namespace ledger
