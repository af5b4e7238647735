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

/// One posting under way: what changes the account and tells of it.
class Poster {
 public:
  Poster(const Item& item, const PostContext& context, const Registration& registration,
         Account& account, std::vector<Event>& events)
      : item_(item),
        context_(context),
        registration_(registration),
        account_(account),
        events_(events) {}

  /// The registration starts to count: the sum grows, a card may be issued, the excess is refunded.
  void count() {
    const Money amount = registration_.amount;
    const Money excess_before = excess_over(account_.counted_sum, context_.ceiling);
    account_.counted_sum += amount;
    add_to_day(account_.days, registration_.service_date, amount);
    if (account_.counted_sum >= context_.ceiling) settle_card();
    const Money growth = excess_over(account_.counted_sum, context_.ceiling) - excess_before;
    LEDGER_ASSERT(growth >= Money() && growth <= amount);
    if (!growth.is_zero()) add_line(registration_.reported.position, item_.guid, growth);
  }

  /// The registration stops counting: the sum shrinks, the card may come under review, and what was
  /// refunded beyond the remaining excess is netted: this registration's lines first, then the
  /// newest.
  void uncount() {
    const Money amount = registration_.amount;
    const Money excess_before = excess_over(account_.counted_sum, context_.ceiling);
    account_.counted_sum -= amount;
    add_to_day(account_.days, registration_.service_date, -amount);
    review_card();
    net(excess_before - excess_over(account_.counted_sum, context_.ceiling));
  }

 private:
  void settle_card() {
    const Date entitled_from = entitlement_date(account_, context_.ceiling);
    if (!account_.card) {
      account_.card = ExemptionCard{CardState::active,  item_.received,
                                    entitled_from,      item_.guid,
                                    context_.rule_pack, card_id_of(context_.account, item_.guid)};
      tell_of_card(EventType::card_issued);
      return;
    }
    if (account_.card->state == CardState::under_review) {
      account_.card->state = CardState::active;
      const Date before = std::exchange(account_.card->entitled_from, entitled_from);
      tell_of_card(EventType::card_reinstated);
      tell_of_move(before);
      return;
    }
    move_entitlement(entitled_from);
  }

  void review_card() {
    if (!account_.card || account_.card->state == CardState::under_review) return;
    if (account_.counted_sum >= context_.ceiling) {
      move_entitlement(entitlement_date(account_, context_.ceiling));
      return;
    }
    // The card keeps its last entitlement date: it still exempts.
    account_.card->state = CardState::under_review;
    tell_of_card(EventType::card_under_review);
  }

  void move_entitlement(Date entitled_from) {
    tell_of_move(std::exchange(account_.card->entitled_from, entitled_from));
  }

  void net(Money shrinkage) {
    shrinkage -= net_registration(registration_.reported.position, item_.guid, shrinkage);
    // Lines are appended while walking back through those that stood before.
    for (std::size_t i = account_.refund_lines.size(); i-- > 0 && !shrinkage.is_zero();) {
      const RefundLine line = account_.refund_lines[i];
      if (line.amount > Money()) {
        shrinkage -= net_registration(line.registration, line.guid, shrinkage);
      }
    }
    LEDGER_ASSERT(shrinkage.is_zero());
  }

  /// Takes back up to `wanted` of what this registration has been refunded; how much it was.
  Money net_registration(Position registration, const Guid& guid, Money wanted) {
    const Money amount = std::min(wanted, account_.refunded(registration));
    if (!amount.is_zero()) add_line(registration, guid, -amount);
    return amount;
  }

  void add_line(Position registration, const Guid& guid, Money amount) {
    account_.refund_lines.push_back({registration, guid, context_.position, amount});
    const EventType type = amount > Money() ? EventType::refund_due : EventType::refund_netted;
    events_.push_back(
        {type, context_.account, context_.position, registration, amount, {}, {}, {}});
  }

  void tell_of_card(EventType type, Date moved_from = {}) {
    const ExemptionCard& card = *account_.card;
    events_.push_back({type, context_.account, context_.position, registration_.reported.position,
                       Money(), card.id, card.entitled_from, moved_from});
  }

  void tell_of_move(Date before) {
    if (before != account_.card->entitled_from) tell_of_card(EventType::entitlement_moved, before);
  }

  const Item& item_;
  const PostContext& context_;
  const Registration& registration_;
  Account& account_;
  std::vector<Event>& events_;
};

Verdict verdict_of(const PostContext& context, const Registration& registration,
                   const Account& account) {
  const Code reason = reason_not_counted(registration);
  return {context.position, reason, reason == Code::none, account.card.has_value()};
}

}  // namespace

Code reason_not_counted(const Registration& registration) {
  if (registration.is_credited) return Code::credited;
  if (!registration.is_paid) return Code::unpaid;
  if (registration.amount.is_zero()) return Code::zero_amount;
  return Code::none;
}

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
  days.clear();
  card.reset();
  refund_lines.clear();
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
  if (reason_not_counted(registration) == Code::none) {
    Poster(item, context, registration, account, events).count();
  }
  account.newest = context.position;
  registration.reported = verdict_of(context, registration, account);
  return registration.reported;
}

Verdict post_payment(const Item& item, const PostContext& context, Registration& registration,
                     Account& account, std::vector<Event>& events) {
  LEDGER_ASSERT(!registration.is_credited);
  LEDGER_ASSERT(!registration.payment.is_given());
  const bool was_counted = reason_not_counted(registration) == Code::none;
  registration.is_paid = true;
  if (!was_counted && reason_not_counted(registration) == Code::none) {
    Poster(item, context, registration, account, events).count();
  }
  account.newest = context.position;
  registration.payment = verdict_of(context, registration, account);
  return registration.payment;
}

Verdict post_credit_note(const Item& item, const PostContext& context, Registration& registration,
                         Account& account, std::vector<Event>& events) {
  LEDGER_ASSERT(!registration.is_credited);
  const bool was_counted = reason_not_counted(registration) == Code::none;
  registration.is_credited = true;
  if (was_counted) Poster(item, context, registration, account, events).uncount();
  account.newest = context.position;
  registration.credit_note = verdict_of(context, registration, account);
  return registration.credit_note;
}

}  // namespace ledger
