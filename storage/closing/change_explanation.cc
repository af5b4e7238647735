#include "storage/closing/change_explanation.h"

#include <algorithm>

#include "ledger/values/rfc3339.h"
#include "storage/closing/year_figures.h"

namespace storage {

using ledger::ItemEntry;
using ledger::ItemType;
using ledger::Money;
using ledger::ReferenceAccount;

namespace {

Money refunded_by(const ItemEntry& entry, const ReferenceAccount& account) {
  Money refunded;
  for (const ledger::RefundLine& line : account.account.refund_lines) {
    if (line.cause == entry.verdict.position) refunded += line.amount;
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

}  // namespace

void ChangeExplanation::add(const PersonYear& year, const ReferenceAccount& account) {
  const std::vector<ItemEntry>& entries = year.entries;
  const auto later = std::partition_point(
      entries.begin(), entries.end(),
      [this](const ItemEntry& entry) { return entry.verdict.position <= previous_; });
  const auto known = static_cast<std::size_t>(later - entries.begin());
  if (known == entries.size()) {
    add_to(figures_.totals_before, entries, account);
    return;
  }
  if (known != 0) {
    add_to(figures_.totals_before, std::span(entries).first(known),
           recomputation_.recompute(year, known));
  }
  for (std::size_t i = known; i < entries.size(); ++i) {
    if (!account.verdicts[i].is_given()) continue;  // a misfit
    add_change(entries[i], account.sums[i] - (i == 0 ? Money() : account.sums[i - 1]), account);
  }
}

void ChangeExplanation::add_change(const ItemEntry& entry, Money counted,
                                   const ReferenceAccount& account) {
  const Money refunded = refunded_by(entry, account);
  ChangeFigures& changes = figures_.changes;
  changes.counted_ore += counted.ore();
  changes.refunded_ore += refunded.ore();
  ++count_of(entry.item.type, changes);
  table_.text(position_cell(entry.verdict.position))
      .text(name_of(entry.item.type))
      .text(practices_.text(entry.practice))
      .text(to_string(entry.item.guid))
      .number(entry.person.value())
      .text(ledger::to_rfc3339(entry.item.received))
      .number(counted.ore())
      .number(refunded.ore())
      .end_row();
}

}  // namespace storage
