#include "storage/closing/person_rows.h"

#include <fmt/format.h>

#include <map>

#include "ledger/values/hex.h"
#include "ledger/values/rfc3339.h"
#include "ledger/values/service_type.h"

namespace storage {

using ledger::PersonId;
using ledger::ReferenceAccount;
using ledger::ReferenceRegistration;

namespace {

std::string_view text_of(ledger::CardState state) {
  return state == ledger::CardState::active ? "active" : "underReview";
}

/// A figure of the table of restatements: an amount, or a text that is empty without a card.
struct Cell {
  std::string_view what;
  bool is_amount = false;
  std::string text;
};

std::vector<Cell> cells_of(const ledger::ReferenceFigures& figures) {
  const std::optional<ledger::ExemptionCard>& card = figures.card;
  return {{"countedOre", true, std::to_string(figures.counted_sum.ore())},
          {"refundedOre", true, std::to_string(figures.refunded.ore())},
          {"card", false, card ? std::string(text_of(card->state)) : ""},
          {"cardId", false, card ? ledger::to_hex(card->id) : ""},
          {"entitledFrom", false, card ? ledger::to_string(card->entitled_from) : ""}};
}

void write_cell(Table& table, const Cell& cell) {
  if (cell.text.empty()) {
    table.none();
  } else if (cell.is_amount) {
    table.number(std::int64_t{std::stoll(cell.text)});
  } else {
    table.text(cell.text);
  }
}

}  // namespace

void PersonRows::write(const PersonYear& year, const RecomputedYear& recomputed) {
  const ReferenceAccount& account = recomputed.account;
  write_unpaid(recomputed.is_hidden ? PersonId() : year.key.person, account);
  if (recomputed.is_hidden) return;
  write_card(year.key.person, account);
  write_merges(year.key.person, account);
  write_restatements(year, account);
}

void PersonRows::write_unpaid(PersonId person, const ReferenceAccount& account) {
  for (const ReferenceRegistration& registration : account.registrations) {
    if (registration.reason != ledger::Code::unpaid) continue;
    tables_.unpaid.text(position_cell(registration.position))
        .text(practices_.text(registration.practice))
        .text(to_string(registration.guid))
        .person(person)
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
      .text(text_of(card.state))
      .text(ledger::to_rfc3339(card.issued_at))
      .text(ledger::to_string(card.entitled_from))
      .text(position_cell(account.card_cause))
      .text(to_string(card.crossing_guid))
      .number(account.account.counted_sum.ore())
      .number(account.account.refunded().ore())
      .end_row();
}

/// Who came into the year by another account is named with the one who remains of all.
void PersonRows::write_merges(PersonId person, const ReferenceAccount& account) {
  for (const ledger::ReferenceMerge& merge : account.merges) {
    if (!merge.joined) continue;
    tables_.persons.number(merge.other.value())
        .number(person.value())
        .text(position_cell(merge.position))
        .end_row();
  }
}

void PersonRows::write_restatements(const PersonYear& year, const ReferenceAccount& account) {
  auto event = year.registry_events.begin();
  for (const ledger::ReferenceRestatement& restatement : account.restatements) {
    while (event->position != restatement.cause) ++event;
    const std::vector<Cell> before = cells_of(restatement.before);
    const std::vector<Cell> after = cells_of(restatement.after);
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i].text == after[i].text) continue;
      Table& table = tables_.restatements;
      table.text(position_cell(restatement.cause))
          .text(name_of(event->event.type))
          .number(restatement.person.value())
          .number(std::int64_t{year_})
          .text(before[i].what);
      write_cell(table, before[i]);
      write_cell(table, after[i]);
      table.end_row();
    }
  }
}

void PersonRows::write_payout(const Payout& payout, const RecomputedYear& recomputed) {
  const std::string lines = write_payout_lines(payout.person, recomputed);
  const std::string_view payee = recomputed.is_estate ? "estate" : "person";
  for (TableFile* const table : {&tables_.payouts, &tables_.payouts_csv}) {
    table->number(payout.person.value()).number(std::int64_t{year_}).text(payee);
    table->number(payout.due.ore()).number(payout.named.ore()).number(payout.to_pay().ore());
  }
  tables_.payouts.json(fmt::format("[{}]", lines)).end_row();
  tables_.payouts_csv.end_row();
}

std::string PersonRows::write_payout_lines(PersonId person, const RecomputedYear& recomputed) {
  const ReferenceAccount& account = recomputed.account;
  std::map<ledger::Position, ledger::PracticeNumber> practices;
  for (const ReferenceRegistration& registration : account.registrations) {
    practices[registration.position] = registration.practice;
  }
  std::string lines;
  for (const ledger::RefundLine& line : account.account.refund_lines) {
    if (!recomputed.is_told(line)) continue;
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
