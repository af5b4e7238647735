#include "ledger/reference/recomputation.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ledger/records/fingerprint.h"
#include "ledger/values/assert.h"

namespace ledger {
namespace {

/// Of the first those that are not among the second, in their order.
std::vector<std::size_t> those_without(const std::vector<std::size_t>& first,
                                       const std::vector<std::size_t>& second) {
  std::vector<std::size_t> left;
  std::set_difference(first.begin(), first.end(), second.begin(), second.end(),
                      std::back_inserter(left));
  return left;
}

}  // namespace

Recomputation::Recomputation(std::vector<Step> steps, int year, Money ceiling,
                             const RulePackHash& rule_pack)
    : steps_(std::move(steps)),
      persons_(steps_),
      registrations_(steps_, persons_, year),
      year_(year),
      ceiling_(ceiling),
      rule_pack_(rule_pack) {
  LEDGER_ASSERT(ceiling > Money());
}

ReferenceAccount Recomputation::run() {
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    const std::size_t subject = registrations_.subject(step);
    PersonId person = steps_[step].item ? steps_[step].item->person : steps_[step].person->person;
    if (subject != never) person = registrations_.owner(subject, step);
    if (steps_[step].item) {
      apply_item(step);
    } else {
      restate(step);
    }
    const Money after = sum_of(counted_of(person, step + 1));
    result_.sums.push_back(after);
    result_.changes.push_back(after - sum_of(counted_of(person, step)));
    counted_.erase(counted_.begin(), counted_.lower_bound({step + 1, PersonId()}));
  }
  describe();
  return std::move(result_);
}

void Recomputation::note_misfit(std::size_t step) {
  result_.misfits.push_back(steps_[step].position());
  if (!steps_[step].item) return;
  result_.verdicts.emplace_back();
  const PersonId person = steps_[step].item->person;
  result_.previous.push_back(person == PersonId() ? Position() : accounts_[person].newest);
  // It is a wrong entry of that account, but an entry of it: the next one follows it.
  if (person != PersonId()) accounts_[person].newest = steps_[step].position();
}

void Recomputation::answer_alone(std::size_t step, std::size_t subject) {
  const Code reason = registrations_[subject].reason(step + 1);
  result_.verdicts.push_back({steps_[step].position(), reason, reason == Code::none, false});
  result_.previous.emplace_back();
}

void Recomputation::apply_item(std::size_t step) {
  const std::size_t subject = registrations_.subject(step);
  if (subject == never) return note_misfit(step);
  const PersonId person = steps_[step].item->person;
  if (person == PersonId()) return answer_alone(step, subject);
  const Position position = steps_[step].position();
  ReferenceDecisions& account = accounts_[person];
  result_.previous.push_back(account.newest);
  account.newest = position;
  account.changed_by = position;
  judge(person, step, registrations_[subject].position);
  const Code reason = registrations_.reason(subject, step + 1);
  result_.verdicts.push_back({position, reason, reason == Code::none, account.card.has_value()});
}

void Recomputation::apply_event(std::size_t step) {
  const PersonEntry& entry = *steps_[step].person;
  if (persons_.is_misfit(step)) return note_misfit(step);
  if (entry.other != PersonId()) return merge(step);
  if (!persons_.is_opted_out(entry.person, step + 1)) judge(entry.person, step, Position());
}

void Recomputation::restate(std::size_t step) {
  const PersonEntry& entry = *steps_[step].person;
  std::vector<std::pair<PersonId, ReferenceFigures>> before;
  for (const PersonId person : {entry.person, entry.other}) {
    if (person != PersonId()) before.emplace_back(person, figures_of(person, step));
  }
  apply_event(step);
  for (const auto& [person, figures] : before) {
    const ReferenceFigures after = figures_of(person, step + 1);
    if (after == figures) continue;
    result_.restatements.push_back({entry.position, person, figures, after});
  }
}

ReferenceFigures Recomputation::figures_of(PersonId person, std::size_t moment) {
  const ReferenceDecisions& account = accounts_[person];
  return {sum_of(counted_of(person, moment)), account.refunded(), account.card};
}

void Recomputation::judge(PersonId person, std::size_t step, Position subject) {
  const Position cause = steps_[step].position();
  ReferenceDecisions& account = accounts_[person];
  const ToldCard before = account.told_last();
  const Counted& then = counted_of(person, step);
  const Counted& now = counted_of(person, step + 1);
  Counted counted = then;
  for (const std::size_t i : those_without(then, now)) stop(account, counted, i, cause);
  for (const std::size_t i : those_without(now, then)) start(person, counted, i, step);
  if (then != now) account.changed_by = cause;
  settle(account, counted);
  tell(person, before, cause, subject);
}

void Recomputation::merge(std::size_t step) {
  const PersonEntry& entry = *steps_[step].person;
  const Position cause = entry.position;
  ReferenceDecisions& account = accounts_[entry.person];
  ReferenceDecisions other = std::exchange(accounts_[entry.other], {});
  result_.merges.push_back({cause, entry.person, entry.other, std::nullopt, std::nullopt});
  if (!account.has_account() && !other.has_account()) return;
  result_.merges.back().joined = JoinedYear{year_, account.newest, other.newest};

  const Counted& now = counted_of(entry.person, step + 1);
  Counted counted = counted_of(entry.person, step);
  Counted counted_by_other = counted_of(entry.other, step);
  for (const std::size_t i : those_without(counted, now)) stop(account, counted, i, cause);
  for (const std::size_t i : those_without(counted_by_other, now)) {
    stop(other, counted_by_other, i, cause);
  }

  const bool is_hidden = persons_.is_opted_out(entry.person, step + 1);
  // What a hidden account has told is kept; what an account shown until now has told, too.
  account.told = account.told_last();
  other.told = other.told_last();
  if (const auto cards = account.join(std::move(other))) {
    result_.merges.back().replaced = ReplacedCard{year_, cards->first, cards->second};
  }
  counted.insert(counted.end(), counted_by_other.begin(), counted_by_other.end());
  std::sort(counted.begin(), counted.end());
  refund_gain(account, counted, cause);
  if (!account.card) issue_for_both(entry.person, counted, step);
  for (const std::size_t i : those_without(now, counted)) start(entry.person, counted, i, step);
  LEDGER_ASSERT(counted == now);
  account.newest = cause;
  account.changed_by = cause;
  settle(account, counted);
  if (!is_hidden) tell(entry.person, account.told_last(), cause, Position());
}

const Recomputation::Counted& Recomputation::counted_of(PersonId person, std::size_t moment) {
  const auto known = counted_.find({moment, person});
  if (known != counted_.end()) return known->second;
  const auto is_counted = [&](std::size_t i) {
    return registrations_.owner(i, moment) == person && registrations_.counts(i, moment);
  };
  Counted counted;
  const auto before = moment == 0 ? counted_.end() : counted_.find({moment - 1, person});
  if (before != counted_.end() && steps_[moment - 1].person == nullptr) {
    // A step about an item changes one registration at the most.
    counted = before->second;
    const std::size_t subject = registrations_.subject(moment - 1);
    if (subject != never) {
      const auto place = std::lower_bound(counted.begin(), counted.end(), subject);
      const bool was_counted = place != counted.end() && *place == subject;
      if (was_counted && !is_counted(subject)) counted.erase(place);
      if (!was_counted && is_counted(subject)) counted.insert(place, subject);
    }
  } else {
    for (std::size_t i = 0; i < registrations_.size(); ++i) {
      if (is_counted(i)) counted.push_back(i);
    }
  }
  return counted_.emplace(std::pair(moment, person), std::move(counted)).first->second;
}

Money Recomputation::sum_of(const Counted& counted) const {
  Money sum;
  for (const std::size_t i : counted) sum += registrations_[i].item->amount;
  return sum;
}

Money Recomputation::excess_of(const Counted& counted) const {
  return std::max(Money(), sum_of(counted) - ceiling_);
}

Date Recomputation::entitled_from(const Counted& counted) const {
  Money sum;
  for (const std::size_t i : registrations_.service_order()) {
    if (!std::binary_search(counted.begin(), counted.end(), i)) continue;
    sum += registrations_[i].item->amount;
    if (sum >= ceiling_) return oslo_date(registrations_[i].item->service_time);
  }
  LEDGER_ASSERT(false && "asked only when the sum is at the ceiling");
  return {};
}

void Recomputation::stop(ReferenceDecisions& account, Counted& counted, std::size_t i,
                         Position cause) {
  counted.erase(std::lower_bound(counted.begin(), counted.end(), i));
  account.net(registrations_[i], cause, account.refunded() - excess_of(counted));
}

void Recomputation::start(PersonId person, Counted& counted, std::size_t i, std::size_t step) {
  ReferenceDecisions& account = accounts_[person];
  counted.insert(std::lower_bound(counted.begin(), counted.end(), i), i);
  const Money growth = excess_of(counted) - account.refunded();
  LEDGER_ASSERT(growth >= Money() && growth <= registrations_[i].item->amount);
  account.write(registrations_[i], steps_[step].position(), growth);
  if (!account.card && sum_of(counted) >= ceiling_) issue(person, i, step);
}

void Recomputation::refund_gain(ReferenceDecisions& account, const Counted& counted,
                                Position cause) {
  Money gain = excess_of(counted) - account.refunded();
  for (auto i = counted.rbegin(); i != counted.rend(); ++i) {
    const RegistrationHistory& registration = registrations_[*i];
    const Money room = registration.item->amount - account.refunded(registration.position);
    const Money given = std::min(gain, room);
    account.write(registration, cause, given);
    gain -= given;
  }
  LEDGER_ASSERT(gain == Money());
}

void Recomputation::issue(PersonId person, std::size_t crossing, std::size_t step) {
  const RegistrationHistory& registration = registrations_[crossing];
  const Guid& guid = registration.item->guid;
  accounts_[person].card = ExemptionCard{CardState::active,
                                         steps_[step].received(),
                                         {},
                                         guid,
                                         rule_pack_,
                                         card_id_of({person, year_}, guid),
                                         steps_[step].position(),
                                         registration.position};
}

void Recomputation::issue_for_both(PersonId person, const Counted& counted, std::size_t step) {
  Money sum;
  for (const std::size_t i : counted) {
    sum += registrations_[i].item->amount;
    if (sum >= ceiling_) return issue(person, i, step);
  }
}

void Recomputation::settle(ReferenceDecisions& account, const Counted& counted) const {
  if (!account.card) return;
  const bool is_reached = sum_of(counted) >= ceiling_;
  account.card->state = is_reached ? CardState::active : CardState::under_review;
  if (is_reached) account.card->entitled_from = entitled_from(counted);
}

void Recomputation::tell(PersonId person, const ToldCard& before, Position cause,
                         Position subject) {
  ReferenceDecisions& account = accounts_[person];
  Event common;
  common.account = {person, year_};
  common.cause = cause;
  common.registration = subject;
  if (account.card) {
    const ExemptionCard& card = *account.card;
    Event of_issue = common;
    of_issue.registration = card.crossing;
    if (!before.is_issued) tell_of_card(EventType::card_issued, card, of_issue, {});
    const CardState told = before.is_issued ? before.state : CardState::active;
    if (card.state != told) {
      const bool is_back = card.state == CardState::active;
      tell_of_card(is_back ? EventType::card_reinstated : EventType::card_under_review, card,
                   common, {});
    }
    if (before.is_issued && card.entitled_from != before.entitled_from) {
      tell_of_card(EventType::entitlement_moved, card, common, before.entitled_from);
    }
  }
  for (auto& [line, is_told] : account.lines) {
    if (std::exchange(is_told, true)) continue;
    Event refund = common;
    refund.type = line.amount > Money() ? EventType::refund_due : EventType::refund_netted;
    refund.registration = line.registration;
    refund.amount = line.amount;
    result_.events.push_back(refund);
  }
  account.told.reset();
}

void Recomputation::tell_of_card(EventType type, const ExemptionCard& card, const Event& common,
                                 Date moved_from) {
  Event event = common;
  event.type = type;
  event.card = card.id;
  event.entitled_from = card.entitled_from;
  event.moved_from = moved_from;
  result_.events.push_back(event);
}

void Recomputation::describe() {
  const std::size_t end = steps_.size();
  const PersonId person = persons_.who(lowest_person(steps_), end);
  const ReferenceDecisions& decided = accounts_[person];
  result_.key = {person, year_};

  std::map<Date, Money> days;
  for (std::size_t i = 0; i < registrations_.size(); ++i) {
    if (registrations_.owner(i, end) != person) continue;
    const RegistrationHistory& history = registrations_[i];
    const Item& item = *history.item;
    const bool counts = registrations_.counts(i, end);
    const std::size_t paid_at = item.is_paid ? history.reported_at : history.paid_at;
    if (counts) days[oslo_date(item.service_time)] += item.amount;
    result_.registrations.push_back(
        {history.position, history.person, history.practice, item.guid, item.service_type,
         item.service_time, paid_at == never ? Instant{} : steps_[paid_at].received(), item.amount,
         history.is_paid(end), history.is_credited(end), registrations_.reason(i, end), counts,
         decided.refunded(history.position)});
  }
  Account& account = result_.account;
  account.counted_sum = sum_of(counted_of(person, end));
  account.newest = decided.newest;
  account.changed_by = decided.changed_by;
  for (const auto& [day, amount] : days) account.days.push_back({day, amount});
  account.card = decided.card;
  for (const ReferenceDecisions::Line& each : decided.lines) {
    account.refund_lines.push_back(each.line);
  }
  account.told = decided.told;
  if (decided.card) result_.card_cause = decided.card->issued_by;
}

}  // namespace ledger
