#include "ledger/records/account.h"

namespace ledger {

Money Account::refunded() const {
  Money sum;
  for (const RefundLine& line : refund_lines) sum += line.amount;
  return sum;
}

Money Account::refunded(Position registration) const {
  Money sum;
  for (const RefundLine& line : refund_lines) {
    if (line.registration == registration) sum += line.amount;
  }
  return sum;
}

void Account::clear() {
  counted_sum = Money();
  newest = Position();
  changed_by = Position();
  days.clear();
  card.reset();
  refund_lines.clear();
  told.reset();
}

}  // namespace ledger
