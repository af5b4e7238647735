#pragma once

#include <iosfwd>
#include <string>

#include "ledger/records/event.h"
#include "ledger/reference/reference.h"
#include "ledger/rules/ledger.h"

/// How GoogleTest prints our values, so that a failure explains itself. The name is GoogleTest's.
namespace ledger {

void PrintTo(Money money, std::ostream* out);
void PrintTo(const Instant& instant, std::ostream* out);
void PrintTo(const Guid& guid, std::ostream* out);
void PrintTo(Position position, std::ostream* out);
void PrintTo(Code code, std::ostream* out);
void PrintTo(const Verdict& verdict, std::ostream* out);
void PrintTo(const Registration& registration, std::ostream* out);
void PrintTo(const ExemptionCard& card, std::ostream* out);
void PrintTo(const RefundLine& line, std::ostream* out);
void PrintTo(const DaySum& day, std::ostream* out);
void PrintTo(const Account& account, std::ostream* out);
void PrintTo(const Event& event, std::ostream* out);
void PrintTo(const Item& item, std::ostream* out);
void PrintTo(const Outcome& outcome, std::ostream* out);

}  // namespace ledger
