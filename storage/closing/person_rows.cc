#include "storage/closing/person_rows.h"

#include <fmt/format.h>

#include <map>

#include "ledger/values/rfc3339.h"
#include "ledger/values/service_type.h"

namespace storage {

using ledger::PersonId;
using ledger::ReferenceAccount;
using ledger::ReferenceRegistration;

void PersonRows::write_unpaid(PersonId person, const ReferenceAccount& account) {
  for (const ReferenceRegistration& registration : account.registrations) {
    if (registration.reason != ledger::Code::unpaid) continue;
    tables_.unpaid.text(position_cell(registration.position))
        .text(practices_.text(registration.practice))
        .text(to_string(registration.guid))
        .number(person.value())
        .text(code_of(registration.service_type))
        .text(ledger::to_rfc3339(registration.service_time))
        .number(registration.amount.ore())
        .end_row();
  }
}

void PersonRows::write_card(PersonId person, const ReferenceAccount& account) {
  if (!account.account.card) return;
  const ledger::ExemptionCard& card = *account.account.card;
  tables_.cards.number(person.value())
      .text(card.state == ledger::CardState::active ? "active" : "underReview")
      .text(ledger::to_rfc3339(card.issued_at))
      .text(ledger::to_string(card.entitled_from))
      .text(position_cell(account.card_cause))
      .text(to_string(card.crossing_guid))
      .number(account.account.counted_sum.ore())
      .number(account.account.refunded().ore())
      .end_row();
}

void PersonRows::write_payout(const Payout& payout, const ReferenceAccount& account) {
  const std::string lines = write_payout_lines(payout.person, account);
  for (TableFile* const table : {&tables_.payouts, &tables_.payouts_csv}) {
    table->number(payout.person.value()).number(std::int64_t{year_}).text("person");
    table->number(payout.due.ore()).number(payout.named.ore()).number(payout.to_pay().ore());
  }
  tables_.payouts.json(fmt::format("[{}]", lines)).end_row();
  tables_.payouts_csv.end_row();
}

std::string PersonRows::write_payout_lines(PersonId person, const ReferenceAccount& account) {
  std::map<ledger::Position, ledger::PracticeNumber> practices;
  for (const ReferenceRegistration& registration : account.registrations) {
    practices[registration.position] = registration.practice;
  }
  std::string lines;
  for (const ledger::RefundLine& line : account.account.refund_lines) {
    const std::string practice = practices_.text(practices.at(line.registration));
    const std::string position = position_cell(line.registration);
    lines += fmt::format(R"({}{{"position":"{}","practiceId":"{}","guid":"{}","amountOre":{}}})",
                         lines.empty() ? "" : ",", position, practice, to_string(line.guid),
                         line.amount.ore());
    tables_.payout_lines.number(person.value())
        .text(position)
        .text(practice)
        .text(to_string(line.guid))
        .number(line.amount.ore())
        .end_row();
  }
  return lines;
}

}  // namespace storage
