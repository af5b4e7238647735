#include "ledger/rules/post.h"

#include <algorithm>
#include <utility>

#include "ledger/records/fingerprint.h"
#include "ledger/values/assert.h"

namespace ledger {
namespace {

Money excess_over(Money sum, Money ceiling) { return std::max(Money(), sum - ceiling); }

void add_to_day(std::vector<DaySum>& days, Date day, Money amount) {
  const auto place = std::lower_bound(days.begin(), days.end(), day,
                                      [](const DaySum& sum, Date d) { return sum.day < d; });
  if (place == days.end() || place->day != day) {
    LEDGER_ASSERT(amount > Money());
    days.insert(place, DaySum{day, amount});
    return;
  }
  place->amount += amount;
  LEDGER_ASSERT(place->amount >= Money());
  if (place->amount.is_zero()) days.erase(place);
}

/// The first service date by which the counted sum had reached the ceiling. Order within a day does
/// not change the date. Only asked when the sum has reached it.
Date entitlement_date(const Account& account, Money ceiling) {
  Money sum;
  for (const DaySum& day : account.days) {
    sum += day.amount;
    if (sum >= ceiling) return day.day;
  }
  LEDGER_ASSERT(false && "the sum of the days reaches the ceiling");
  return {};
}

Verdict verdict_of(const PostContext& context, const Registration& registration,
                   const Account& account) {
  const Code reason = reason_not_counted(registration, context.birth_date);
  return {context.position, reason, reason == Code::none, account.card.has_value()};
}

Countable countable(const Registration& registration, const Guid& guid) {
  return {registration.reported.position, guid, registration.service_date, registration.amount};
}

/// The registration has changed: it starts or stops to count when it has to.
void follow(const PostContext& context, const Guid& guid, Registration& registration,
            Account& account, std::vector<Event>& events) {
  const bool counts = reason_not_counted(registration, context.birth_date) == Code::none;
  if (counts != registration.is_counted) {
    const ToldCard before = told_of(account.card);
    Posting posting(context, account);
    registration.is_counted = counts;
    if (counts) {
      posting.start(countable(registration, guid));
    } else {
      posting.stop(countable(registration, guid));
    }
    posting.settle_card();
    posting.tell(before, registration.reported.position, events);
  }
  account.newest = context.position;
  account.changed_by = context.position;
}

}  // namespace

Posting::Posting(const PostContext& context, Account& account)
    : context_(context),
      account_(account),
      lines_before_(account.refund_lines.size()),
      netted_from_(account.refund_lines.size()) {}

void Posting::start(const Countable& registration) {
  const Money before = account_.counted_sum;
  account_.counted_sum += registration.amount;
  add_to_day(account_.days, registration.service_date, registration.amount);
  if (before < context_.ceiling && account_.counted_sum >= context_.ceiling) {
    cross_at(registration);
  }
  const Money growth =
      excess_over(account_.counted_sum, context_.ceiling) - excess_over(before, context_.ceiling);
  LEDGER_ASSERT(growth >= Money() && growth <= registration.amount);
  refund(registration, growth);
}

void Posting::stop(const Countable& registration) {
  const Money excess_before = excess_over(account_.counted_sum, context_.ceiling);
  account_.counted_sum -= registration.amount;
  add_to_day(account_.days, registration.service_date, -registration.amount);
  net(registration, excess_before - excess_over(account_.counted_sum, context_.ceiling));
}

void Posting::refund(const Countable& registration, Money amount) {
  if (!amount.is_zero()) add_line(registration.position, registration.guid, amount);
}

void Posting::cross_at(const Countable& registration) {
  crossing_ = {registration.position, registration.guid};
}

void Posting::settle_card() {
  std::optional<ExemptionCard>& card = account_.card;
  if (account_.counted_sum < context_.ceiling) {
    // It keeps its last entitlement date: it still exempts.
    if (card) card->state = CardState::under_review;
    return;
  }
  const Date entitled_from = entitlement_date(account_, context_.ceiling);
  if (!card) return issue_card(entitled_from);
  card->state = CardState::active;
  card->entitled_from = entitled_from;
}

void Posting::issue_card(Date entitled_from) {
  LEDGER_ASSERT(crossing_.has_value());
  const auto& [position, guid] = *crossing_;
  account_.card = ExemptionCard{CardState::active,  context_.received,
                                entitled_from,      guid,
                                context_.rule_pack, card_id_of(context_.account, guid),
                                context_.position,  position};
}

void Posting::net(const Countable& registration, Money shrinkage) {
  shrinkage -= net_registration(registration.position, registration.guid, shrinkage);
  while (!shrinkage.is_zero()) {
    LEDGER_ASSERT(netted_from_ != 0);
    const RefundLine line = account_.refund_lines[netted_from_ - 1];
    if (line.amount > Money()) {
      shrinkage -= net_registration(line.registration, line.guid, shrinkage);
    }
    if (!shrinkage.is_zero()) --netted_from_;
  }
}

/// Takes back up to `wanted` of what this registration has been refunded; how much it was.
Money Posting::net_registration(Position registration, const Guid& guid, Money wanted) {
  const Money amount = std::min(wanted, refunded(registration));
  if (!amount.is_zero()) add_line(registration, guid, -amount);
  return amount;
}

Money Posting::refunded(Position registration) {
  if (!refunded_) {
    refunded_.emplace();
    for (const RefundLine& line : account_.refund_lines) {
      (*refunded_)[line.registration.value()] += line.amount;
    }
  }
  const auto found = refunded_->find(registration.value());
  return found == refunded_->end() ? Money() : found->second;
}

void Posting::add_line(Position registration, const Guid& guid, Money amount) {
  account_.refund_lines.push_back({registration, guid, context_.position, amount});
  if (refunded_) (*refunded_)[registration.value()] += amount;
  if (amount > Money()) netted_from_ = account_.refund_lines.size();
}

void Posting::tell(const ToldCard& before, Position spoken_of, std::vector<Event>& events) const {
  tell_card(before, spoken_of, events);
  for (std::size_t i = lines_before_; i < account_.refund_lines.size(); ++i) {
    tell_line(account_.refund_lines[i], events);
  }
}

void Posting::tell_card(const ToldCard& before, Position spoken_of,
                        std::vector<Event>& events) const {
  if (!account_.card) return;
  const ExemptionCard& card = *account_.card;
  const auto tell = [&](EventType type, Position registration, Date moved_from) {
    Event& event = events.emplace_back();
    event.type = type;
    event.account = context_.account;
    event.cause = context_.position;
    event.registration = registration;
    event.card = card.id;
    event.entitled_from = card.entitled_from;
    event.moved_from = moved_from;
  };
  if (!before.is_issued) {
    tell(EventType::card_issued, card.crossing, {});
    if (card.state == CardState::under_review) tell(EventType::card_under_review, spoken_of, {});
    return;
  }
  if (before.state != card.state) {
    const bool is_active = card.state == CardState::active;
    tell(is_active ? EventType::card_reinstated : EventType::card_under_review, spoken_of, {});
  }
  if (before.entitled_from != card.entitled_from) {
    tell(EventType::entitlement_moved, spoken_of, before.entitled_from);
  }
}

void Posting::tell_line(const RefundLine& line, std::vector<Event>& events) const {
  Event& event = events.emplace_back();
  event.type = line.amount > Money() ? EventType::refund_due : EventType::refund_netted;
  event.account = context_.account;
  event.cause = context_.position;
  event.registration = line.registration;
  event.amount = line.amount;
}

Verdict post_copayment(const Item& item, const PostContext& context, Registration& registration,
                       Account& account, std::vector<Event>& events) {
  registration = Registration();
  registration.person = context.account.person;
  registration.content_hash = item.content_hash;
  registration.amount = item.amount;
  registration.service_date = oslo_date(item.service_time);
  registration.is_paid = item.is_paid;
  registration.reported.position = context.position;
  follow(context, item.guid, registration, account, events);
  registration.reported = verdict_of(context, registration, account);
  return registration.reported;
}

Verdict post_payment(const PostContext& context, const Guid& guid, Registration& registration,
                     Account& account, std::vector<Event>& events) {
  LEDGER_ASSERT(!registration.is_credited);
  LEDGER_ASSERT(!registration.payment.is_given());
  registration.is_paid = true;
  follow(context, guid, registration, account, events);
  registration.payment = verdict_of(context, registration, account);
  return registration.payment;
}

Verdict post_credit_note(const PostContext& context, const Guid& guid, Registration& registration,
                         Account& account, std::vector<Event>& events) {
  LEDGER_ASSERT(!registration.is_credited);
  registration.is_credited = true;
  follow(context, guid, registration, account, events);
  registration.credit_note = verdict_of(context, registration, account);
  return registration.credit_note;
}

Verdict verdict_alone(Position position, const Registration& registration) {
  const Code reason = reason_not_counted(registration);
  return {position, reason, reason == Code::none, false};
}

}  // namespace ledger
