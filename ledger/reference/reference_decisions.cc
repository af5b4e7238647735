#include "ledger/reference/reference_decisions.h"

#include <algorithm>
#include <tuple>

#include "ledger/values/assert.h"

namespace ledger {

Money ReferenceDecisions::refunded() const {
  Money sum;
  for (const Line& each : lines) sum += each.line.amount;
  return sum;
}

Money ReferenceDecisions::refunded(Position registration) const {
  Money sum;
  for (const Line& each : lines) {
    if (each.line.registration == registration) sum += each.line.amount;
  }
  return sum;
}

void ReferenceDecisions::write(const RegistrationHistory& registration, Position cause,
                               Money amount) {
  if (amount == Money()) return;
  lines.push_back({{registration.position, registration.item->guid, cause, amount}, false});
}

void ReferenceDecisions::net(const RegistrationHistory& subject, Position cause, Money wanted) {
  LEDGER_ASSERT(wanted >= Money());
  std::vector<std::pair<Position, Guid>> order{{subject.position, subject.item->guid}};
  for (auto each = lines.rbegin(); each != lines.rend(); ++each) {
    if (each->line.amount > Money()) order.emplace_back(each->line.registration, each->line.guid);
  }
  for (const auto& [registration, guid] : order) {
    if (wanted == Money()) break;
    const Money taken = std::min(wanted, refunded(registration));
    if (taken == Money()) continue;
    wanted -= taken;
    lines.push_back({{registration, guid, cause, -taken}, false});
  }
  LEDGER_ASSERT(wanted == Money());
}

std::optional<std::pair<CardId, CardId>> ReferenceDecisions::join(ReferenceDecisions other) {
  lines.insert(lines.end(), other.lines.begin(), other.lines.end());
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.line.cause < b.line.cause; });
  if (!other.card) return std::nullopt;
  if (!card) {
    card = other.card;
    told = other.told;
    return std::nullopt;
  }
  const auto age = [](const ExemptionCard& of) { return std::tuple{of.issued_at, of.issued_by}; };
  if (age(*other.card) < age(*card)) {
    std::swap(card, other.card);
    told = other.told;
  }
  return std::pair{card->id, other.card->id};
}

}  // namespace ledger
