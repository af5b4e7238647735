#include "storage/closing/year_figures.h"

#include <algorithm>
#include <iterator>

#include "ledger/reference/lateness_cost.h"

namespace storage {

using ledger::ItemType;
using ledger::PracticeNumber;
using ledger::ReferenceAccount;
using ledger::ReferenceRegistration;

namespace {

/// What is in none of the parts does not count for its person's sake: of a child, or sent, or paid,
/// while the person was opted out.
void add_registration(Totals& totals, const ReferenceRegistration& registration) {
  const std::int64_t ore = registration.amount.ore();
  ++totals[Figure::registrations];
  totals[Figure::amount_ore] += ore;
  if (registration.is_counted()) {
    ++totals[Figure::counted];
    totals[Figure::counted_ore] += ore;
    return;
  }
  switch (registration.reason) {
    case ledger::Code::credited:
      ++totals[Figure::credited];
      totals[Figure::credited_ore] += ore;
      break;
    case ledger::Code::unpaid:
      ++totals[Figure::unpaid];
      totals[Figure::unpaid_ore] += ore;
      break;
    case ledger::Code::zero_amount:
      ++totals[Figure::zero_amount];
      break;
    default:
      break;
  }
}

}  // namespace

void add_to(Totals& totals, std::span<const ledger::ItemEntry> entries,
            const ReferenceAccount& account) {
  if (account.key.person != ledger::PersonId()) ++totals[Figure::persons];
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!account.verdicts[i].is_given()) continue;  // a misfit
    if (entries[i].item.type == ItemType::payment) ++totals[Figure::payments];
    if (entries[i].item.type == ItemType::credit_note) ++totals[Figure::credit_notes];
  }
  for (const ReferenceRegistration& registration : account.registrations) {
    add_registration(totals, registration);
  }
  if (account.account.card) {
    ++totals[Figure::cards];
    if (account.account.card->state == ledger::CardState::under_review) {
      ++totals[Figure::cards_under_review];
    }
  }
  const std::int64_t refunded = account.account.refunded().ore();
  totals[Figure::refund_lines] += static_cast<std::int64_t>(account.account.refund_lines.size());
  totals[Figure::refunded_ore] += refunded;
  if (refunded > 0) {
    ++totals[Figure::payouts];
    totals[Figure::payout_ore] += refunded;
  }
}

void YearFigures::add_lag(PracticeNumber practice, std::uint32_t lag_days) {
  PracticeFigures& figures = of(practice);
  for (std::size_t i = 0; i < std::size(ledger::timeliness_limits); ++i) {
    if (lag_days <= ledger::timeliness_limits[i]) ++figures.within[i];
  }
}

void YearFigures::add(std::span<const ledger::ItemEntry> entries, const ReferenceAccount& account) {
  add_to(nation_.totals, entries, account);
  add_registrations(account);
  if (account.account.card) add_card(*account.account.card);
  add_lateness(account);
}

void YearFigures::add(const Payout& payout) {
  RefundFigures& refunds = nation_.refunds;
  ++refunds.persons;
  refunds.due_ore += payout.due.ore();
  refunds.named_ore += payout.named.ore();
  const std::int64_t to_pay = payout.to_pay().ore();
  if (to_pay > 0) ++refunds.pay_persons;
  if (to_pay < 0) ++refunds.take_back_persons;
  (to_pay > 0 ? refunds.pay_ore : refunds.take_back_ore) += to_pay;
}

void YearFigures::add_registrations(const ReferenceAccount& account) {
  for (const ReferenceRegistration& registration : account.registrations) {
    const auto type = static_cast<std::size_t>(registration.service_type);
    for (PartFigures* const part :
         {&nation_.by_service_type[type], &of(registration.practice).part}) {
      ++part->registrations;
      part->amount_ore += registration.amount.ore();
      if (registration.is_counted()) part->counted_ore += registration.amount.ore();
      part->refunded_ore += registration.refunded.ore();
    }
  }
}

void YearFigures::add_card(const ledger::ExemptionCard& card) {
  ++card_month(oslo_date(card.issued_at)).issued;
  ++card_month(card.entitled_from).entitled;
}

/// Days before the year count in its first month, days long after it in the last.
CardMonth& YearFigures::card_month(ledger::Date day) {
  const auto months = (ledger::month_of(day) - std::chrono::year{year_} / 1).count();
  const std::int64_t index = std::clamp<std::int64_t>(months, 0, card_months - 1);
  return nation_.by_card_month[static_cast<std::size_t>(index)];
}

void YearFigures::add_lateness(const ReferenceAccount& account) {
  const ledger::LatenessCost cost = ledger::lateness_cost(account, ceiling_);
  if (cost.shares.empty()) return;
  LatenessFigures& nation = nation_.lateness;
  ++nation.persons;
  nation.overpaid_ore += cost.overpaid.ore();
  nation.ore_days += cost.ore_days;
  for (const ledger::LatenessShare& share : cost.shares) {
    nation.by_lateness_ore += share.by_lateness.ore();
    nation.despite_card_ore += share.despite_card.ore();
    LatenessFigures& practice = of(share.practice).lateness;
    ++practice.persons;
    practice.overpaid_ore += (share.by_lateness + share.despite_card).ore();
    practice.by_lateness_ore += share.by_lateness.ore();
    practice.despite_card_ore += share.despite_card.ore();
    practice.ore_days += share.ore_days;
  }
}

PracticeFigures& YearFigures::of(PracticeNumber practice) {
  const std::size_t number = practice.value();
  if (number >= practices_.size()) practices_.resize(number + 1);
  return practices_[number];
}

}  // namespace storage
