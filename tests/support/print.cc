#include "tests/support/print.h"

#include <gtest/gtest.h>

#include <ostream>

#include "ledger/values/rfc3339.h"

namespace ledger {

using testing::PrintToString;

void PrintTo(Money money, std::ostream* out) { *out << money.ore() << " ore"; }
void PrintTo(const Instant& instant, std::ostream* out) { *out << to_rfc3339(instant); }
void PrintTo(const Guid& guid, std::ostream* out) { *out << to_string(guid); }
void PrintTo(Position position, std::ostream* out) { *out << "@" << position.value(); }
void PrintTo(Code code, std::ostream* out) {
  *out << (code == Code::none ? std::string_view("none") : name_of(code));
}

void PrintTo(const Verdict& verdict, std::ostream* out) {
  *out << PrintToString(verdict.position) << (verdict.counted ? " counted" : " not counted")
       << (verdict.exempt ? " exempt" : " not exempt") << " reason "
       << PrintToString(verdict.reason);
}

void PrintTo(const Registration& registration, std::ostream* out) {
  *out << "person " << registration.person.value() << ", " << PrintToString(registration.amount)
       << " on " << to_string(registration.service_date)
       << (registration.is_paid ? ", paid" : ", unpaid")
       << (registration.is_credited ? ", credited" : "") << "; reported "
       << PrintToString(registration.reported) << "; payment "
       << PrintToString(registration.payment) << "; credit note "
       << PrintToString(registration.credit_note);
}

void PrintTo(const ExemptionCard& card, std::ostream* out) {
  *out << (card.state == CardState::active ? "active" : "under review") << " from "
       << to_string(card.entitled_from) << ", issued " << PrintToString(card.issued_at)
       << ", crossed by " << PrintToString(card.crossing_guid);
}

void PrintTo(const RefundLine& line, std::ostream* out) {
  *out << PrintToString(line.amount) << " for " << PrintToString(line.registration) << " caused by "
       << PrintToString(line.cause);
}

void PrintTo(const DaySum& day, std::ostream* out) {
  *out << to_string(day.day) << ": " << PrintToString(day.amount);
}

void PrintTo(const Account& account, std::ostream* out) {
  *out << "counted " << PrintToString(account.counted_sum) << ", newest "
       << PrintToString(account.newest) << ", days " << PrintToString(account.days) << ", card "
       << (account.card ? PrintToString(*account.card) : "none") << ", refund lines "
       << PrintToString(account.refund_lines);
}

void PrintTo(const Event& event, std::ostream* out) {
  *out << name_of(event.type) << " person " << event.account.person.value() << " year "
       << event.account.year << " caused by " << PrintToString(event.cause) << " registration "
       << PrintToString(event.registration) << ' ' << PrintToString(event.amount);
}

void PrintTo(const Item& item, std::ostream* out) {
  switch (item.type) {
    case ItemType::copayment:
      *out << "report " << PrintToString(item.amount) << (item.is_paid ? " paid" : " unpaid")
           << " of " << PrintToString(item.service_time);
      break;
    case ItemType::payment:
      *out << "pay";
      break;
    case ItemType::credit_note:
      *out << "credit";
      break;
  }
  *out << ", practice " << item.practice.view() << " guid " << PrintToString(item.guid)
       << " received " << PrintToString(item.received);
}

void PrintTo(const Outcome& outcome, std::ostream* out) {
  switch (outcome.disposition) {
    case Disposition::accepted:
      *out << "accepted " << PrintToString(outcome.verdict);
      break;
    case Disposition::duplicate:
      *out << "duplicate of " << PrintToString(outcome.verdict);
      break;
    case Disposition::rejected:
      *out << "rejected " << PrintToString(outcome.rejection);
      break;
  }
}

}  // namespace ledger
