#include "tests/ledger/rules/reference_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "ledger/records/fingerprint.h"
#include "ledger/reference/reference.h"
#include "tests/support/print.h"

namespace ledger::test {

using testing::PrintToString;

namespace {

const Money ceiling = Money::from_ore(100);

std::string account_problem(const Account& account, int year, bool had_reached) {
  Money sum;
  for (std::size_t i = 0; i < account.days.size(); ++i) {
    const DaySum& day = account.days[i];
    sum += day.amount;
    if (year_of(day.day) != year) return "L1: a day of another year";
    if (day.amount <= Money()) return "L1: a day not above zero";
    if (i > 0 && account.days[i - 1].day >= day.day) return "L1: days not ascending";
  }
  if (sum != account.counted_sum) return "L1: the days do not add up to the sum";
  const Money excess = std::max(Money(), account.counted_sum - ceiling);
  if (account.refunded() != excess) return "L2: the refund lines do not add up to the excess";
  if (account.card.has_value() != had_reached) return "L3: a card without reason, or none";
  const bool is_active = account.card && account.card->state == CardState::active;
  if (is_active != (account.counted_sum >= ceiling)) return "L3: the state of the card is wrong";
  for (const RefundLine& line : account.refund_lines) {
    if (line.amount.is_zero()) return "a refund line of zero";
    if (account.refunded(line.registration) < Money()) return "a registration refunded below zero";
  }
  return {};
}

std::string registration_problem(const MemoryStore& store, const ReferenceRegistration& expected,
                                 const ItemEntry& reported) {
  const auto found = store.registrations().find(reported.item.fingerprint);
  if (found == store.registrations().end()) return "a registration is missing";
  const Registration& registration = found->second;
  if (registration.is_paid != expected.is_paid ||
      registration.is_credited != expected.is_credited || registration.amount != expected.amount ||
      registration.person != reported.person ||
      registration.reported.position != expected.position ||
      reason_not_counted(registration) != expected.reason) {
    return "a registration is " + PrintToString(registration);
  }
  if (expected.refunded < Money() || expected.refunded > expected.amount) {
    return "a registration is refunded " + PrintToString(expected.refunded);
  }
  if (!expected.is_counted() && !expected.refunded.is_zero()) {
    return "a registration that does not count is refunded";
  }
  return {};
}

/// The events tell the whole story: what follows them ends up with the same card and refund.
std::string event_problem(const MemoryStore& store, const AccountKey& key, const Account& account) {
  std::optional<CardState> state;
  Date entitled_from{};
  Date before{};  // of the entry that the event comes from
  Position cause;
  Money refunded;
  for (const Event& event : store.events()) {
    if (event.account != key) continue;
    if (is_about_card(event.type) && (!account.card || event.card != account.card->id)) {
      return "an event of another card";
    }
    if (event.cause != cause) before = entitled_from;
    cause = event.cause;
    switch (event.type) {
      case EventType::card_issued:
        if (state) return "a card issued twice";
        state = CardState::active;
        break;
      case EventType::card_under_review:
        if (state != CardState::active) return "review of a card that is not active";
        state = CardState::under_review;
        break;
      case EventType::card_reinstated:
        if (state != CardState::under_review) return "reinstated without review";
        state = CardState::active;
        break;
      case EventType::entitlement_moved:
        if (event.moved_from == event.entitled_from) return "an entitlement moved to where it was";
        if (event.moved_from != before) return "an entitlement moved from where it was not";
        break;
      case EventType::refund_due:
        if (event.amount <= Money()) return "a refund due that is not above zero";
        refunded += event.amount;
        continue;
      case EventType::refund_netted:
        if (event.amount >= Money()) return "a netting that is not below zero";
        refunded += event.amount;
        continue;
      case EventType::person_merged:
        return "a merge out of nowhere";
    }
    entitled_from = event.entitled_from;
  }
  if (refunded != account.refunded()) return "the events tell another refund";
  if (state.has_value() != account.card.has_value()) return "the events tell another card";
  if (account.card &&
      (account.card->state != *state || account.card->entitled_from != entitled_from)) {
    return "the events tell another state of the card";
  }
  return {};
}

std::string problem_of_account(const MemoryStore& store, const AccountKey& key) {
  const Account& account = store.accounts().at(key);
  const std::vector<ItemEntry> entries = store.entries_of(key);
  const ReferenceAccount reference = reference_account(entries, key.year, ceiling, rules().hash());
  if (!reference.misfits.empty()) return "the reference cannot place an entry";
  if (!(account == reference.account)) {
    return "account is " + PrintToString(account) + "\n  reference " +
           PrintToString(reference.account);
  }
  const bool had_reached = reference.account.card.has_value();
  if (auto problem = account_problem(account, key.year, had_reached); !problem.empty()) {
    return problem;
  }
  std::size_t registration = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].verdict != reference.verdicts[i]) {
      return "verdict is " + PrintToString(entries[i].verdict) + ", reference " +
             PrintToString(reference.verdicts[i]);
    }
    if (entries[i].previous != (i == 0 ? Position() : entries[i - 1].verdict.position)) {
      return "the chain of entries is broken";
    }
    if (entries[i].item.type != ItemType::copayment) continue;
    const auto& expected = reference.registrations[registration++];
    if (auto problem = registration_problem(store, expected, entries[i]); !problem.empty()) {
      return problem;
    }
  }
  return event_problem(store, key, account);
}

std::string timeliness_problem(const MemoryStore& store) {
  const auto expected = reference_timeliness(store.entries());
  if (expected.size() != store.timeliness().size()) return "other timeliness months than a scan";
  for (const auto& [key, month] : store.timeliness()) {
    const auto found = expected.find(key);
    if (found == expected.end() || found->second.by_lag != month.by_lag) {
      return "timeliness counters are not those of a scan";
    }
  }
  return {};
}

}  // namespace

const RulePack& rules() {
  static const RulePack pack = small_rules(ceiling);
  return pack;
}

std::string state_problem(const MemoryStore& store) {
  for (const auto& [key, account] : store.accounts()) {
    if (auto problem = problem_of_account(store, key); !problem.empty()) return problem;
  }
  return timeliness_problem(store);
}
ExpectedAnswer expected_answer(const std::vector<ItemEntry>& entries, const Item& item) {
  bool is_known = false;
  bool is_credited = false;
  for (const ItemEntry& entry : entries) {
    if (!(entry.item.practice == item.practice) || entry.item.guid != item.guid) continue;
    is_known = true;
    is_credited |= entry.item.type == ItemType::credit_note;
    if (entry.item.type != item.type) continue;
    const bool is_same =
        item.type != ItemType::copayment ||
        (entry.item.amount == item.amount && entry.item.is_paid == item.is_paid &&
         entry.item.service_time == item.service_time && entry.item.person == item.person &&
         entry.item.exemption == item.exemption && entry.item.service_type == item.service_type);
    if (is_same) return {Disposition::duplicate, Code::none, entry.verdict};
    return {Disposition::rejected, Code::content_conflict, {}};
  }
  if (item.type == ItemType::copayment) return {Disposition::accepted, Code::none, {}};
  if (!is_known) return {Disposition::rejected, Code::unknown_original, {}};
  if (item.type == ItemType::payment && is_credited) {
    return {Disposition::rejected, Code::original_credited, {}};
  }
  return {Disposition::accepted, Code::none, {}};
}
std::string answer_problem(const ExpectedAnswer& expected, const Outcome& outcome) {
  const bool is_expected =
      outcome.disposition == expected.disposition && outcome.rejection == expected.rejection &&
      (expected.disposition != Disposition::duplicate || outcome.verdict == expected.verdict);
  return is_expected ? std::string() : "answer is " + PrintToString(outcome);
}

std::string resend_problem(World& world) {
  for (const ItemEntry& entry : std::vector<ItemEntry>(world.store.entries())) {
    const Outcome resent = world.submit(entry.item);
    if (resent.disposition != Disposition::duplicate || resent.verdict != entry.verdict) {
      return "resend of " + PrintToString(entry.item) + " is " + PrintToString(resent);
    }
    if (entry.item.type != ItemType::copayment) continue;
    Item other = entry.item;
    other.amount += Money::from_ore(1);
    identify(other);
    const Outcome conflict = world.submit(other);
    if (conflict.rejection != Code::content_conflict) {
      return "other content is " + PrintToString(conflict);
    }
  }
  return {};
}
ItemBuilder with_key(ItemBuilder builder, std::uint32_t key) {
  return builder.guid(key / 2 + 1).by(key % 2 == 0 ? "1001" : "2002");
}

}  // namespace ledger::test
