#include "storage/closing/change_explanation.h"

#include <algorithm>
#include <map>

#include "ledger/values/rfc3339.h"
#include "storage/closing/year_figures.h"

namespace storage {

using ledger::ItemEntry;
using ledger::ItemType;
using ledger::Money;
using ledger::PersonEntry;
using ledger::PersonId;
using ledger::Position;
using ledger::ReferenceAccount;
using ledger::Step;

namespace {

Money refunded_by(Position cause, const ReferenceAccount& account) {
  Money refunded;
  for (const ledger::RefundLine& line : account.account.refund_lines) {
    if (line.cause == cause) refunded += line.amount;
  }
  return refunded;
}

std::int64_t& count_of(ItemType type, ChangeFigures& changes) {
  switch (type) {
    case ItemType::copayment:
      return changes.copayments;
    case ItemType::payment:
      return changes.payments;
    case ItemType::credit_note:
      break;
  }
  return changes.credit_notes;
}

/// By how much each step changed what counts for all persons together: what was the other's before
/// a merge is not gained by it.
std::vector<Money> moved_by(const std::vector<Step>& steps, const ReferenceAccount& account) {
  std::vector<Money> moved;
  std::map<PersonId, Money> sums;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const PersonId person = step.item ? step.item->person : step.person->person;
    sums[person] += account.changes[i];
    moved.push_back(account.changes[i]);
    if (step.person && step.person->other != PersonId()) {
      moved.back() -= sums[step.person->other];
      sums.erase(step.person->other);
    }
  }
  return moved;
}

}  // namespace

void ChangeExplanation::add(const PersonYear& year, const RecomputedYear& recomputed) {
  const ReferenceAccount& account = recomputed.account;
  const std::vector<Step> steps = steps_of(year);
  add_before(year, account);
  if (steps.back().position() <= previous_) return;
  const std::vector<Money> moved = moved_by(steps, account);
  auto verdict = account.verdicts.begin();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Position position = steps[i].position();
    const bool is_new = position > previous_;
    const Money refunded = is_new ? refunded_by(position, account) : Money();
    if (steps[i].person) {
      if (is_new) add_event(*steps[i].person, moved[i], refunded, recomputed.is_hidden);
      continue;
    }
    const bool is_misfit = !(verdict++)->is_given();
    if (is_new && !is_misfit) add_item(*steps[i].item, moved[i], refunded, recomputed.is_hidden);
  }
}

void ChangeExplanation::add_before(const PersonYear& year, const ReferenceAccount& account) {
  const bool is_all =
      year.entries.back().verdict.position <= previous_ &&
      (year.registry_events.empty() || year.registry_events.back().position <= previous_);
  if (is_all) return add_to(figures_.totals_before, year.entries, account);
  for (const PersonYear& before : as_of(year, previous_)) {
    if (before.entries.empty()) continue;
    add_to(figures_.totals_before, before.entries, recomputation_.recompute(before));
  }
}

void ChangeExplanation::add_item(const ItemEntry& entry, Money counted, Money refunded,
                                 bool is_hidden) {
  ChangeFigures& changes = figures_.changes;
  changes.counted_ore += counted.ore();
  changes.refunded_ore += refunded.ore();
  ++count_of(entry.item.type, changes);
  table_.text(position_cell(entry.verdict.position))
      .text(name_of(entry.item.type))
      .text(practices_.text(entry.practice))
      .text(to_string(entry.item.guid))
      .person(is_hidden ? PersonId() : entry.person)
      .text(ledger::to_rfc3339(entry.item.received))
      .number(counted.ore())
      .number(refunded.ore())
      .end_row();
}

void ChangeExplanation::add_event(const PersonEntry& entry, Money counted, Money refunded,
                                  bool is_hidden) {
  if (counted.is_zero() && refunded.is_zero()) return;
  figures_.changes.counted_ore += counted.ore();
  figures_.changes.refunded_ore += refunded.ore();
  table_.text(position_cell(entry.position))
      .text(name_of(entry.event.type))
      .none()
      .none()
      .person(is_hidden ? PersonId() : entry.person)
      .text(ledger::to_rfc3339(entry.event.received))
      .number(counted.ore())
      .number(refunded.ore())
      .end_row();
}

}  // namespace storage
