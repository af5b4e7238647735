#include "ledger/reference/reference.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "ledger/records/fingerprint.h"
#include "ledger/values/assert.h"

namespace ledger {
namespace {

/// A step is the index of an entry; what has not happened happens at the step after all others.
constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

/// A registration as the steps at which things happened to it, from which its state at any step
/// follows without looking at the step before.
struct History {
  const Item* item = nullptr;
  PracticeNumber practice;
  Position position;
  std::size_t reported_at = never;
  std::size_t paid_at = never;
  std::size_t credited_at = never;

  bool is_paid(std::size_t step) const { return item->is_paid || paid_at <= step; }
  bool is_credited(std::size_t step) const { return credited_at <= step; }
  Code reason(std::size_t step) const {
    if (is_credited(step)) return Code::credited;
    if (!is_paid(step)) return Code::unpaid;
    if (item->amount == Money()) return Code::zero_amount;
    return Code::none;
  }
  bool is_counted(std::size_t step) const {
    return reported_at <= step && reason(step) == Code::none;
  }
};

/// Works out one account step by step; only the card and the refund lines, which are decisions, are
/// carried from one step to the next.
class Recomputation {
 public:
  Recomputation(std::span<const ItemEntry> entries, int year, Money ceiling,
                const RulePackHash& pack)
      : entries_(entries), year_(year), ceiling_(ceiling), rule_pack_(pack) {
    for (std::size_t step = 0; step < entries.size(); ++step) subjects_.push_back(place(step));
    for (std::size_t i = 0; i < histories_.size(); ++i) service_order_.push_back(i);
    std::stable_sort(service_order_.begin(), service_order_.end(),
                     [this](std::size_t a, std::size_t b) {
                       return histories_[a].item->service_time < histories_[b].item->service_time;
                     });
  }

  ReferenceAccount run() {
    ReferenceAccount result;
    for (std::size_t step = 0; step < entries_.size(); ++step) {
      const Position position = entries_[step].verdict.position;
      if (subjects_[step] == never) {
        result.misfits.push_back(position);
        result.verdicts.emplace_back();
        result.sums.push_back(sum_at(step));
        continue;
      }
      const History& subject = histories_[subjects_[step]];
      decide_card(step);
      settle_refund(step, subject);
      const Code reason = subject.reason(step);
      result.verdicts.push_back({position, reason, reason == Code::none, card_.has_value()});
      result.sums.push_back(sum_at(step));
    }
    result.card_cause = card_cause_;
    describe(result);
    return result;
  }

 private:
  /// Which registration the entry is about; notes what happens to it. `never` for a misfit.
  std::size_t place(std::size_t step) {
    const ItemEntry& entry = entries_[step];
    const auto key = std::pair{entry.practice, entry.item.guid};
    const auto known = by_key_.find(key);
    if (entry.item.type == ItemType::copayment) {
      const bool fits =
          known == by_key_.end() && year_of(oslo_date(entry.item.service_time)) == year_;
      if (!fits) return never;
      by_key_[key] = histories_.size();
      histories_.push_back(
          {&entry.item, entry.practice, entry.verdict.position, step, never, never});
      return histories_.size() - 1;
    }
    if (known == by_key_.end()) return never;
    History& history = histories_[known->second];
    if (history.is_credited(step)) return never;
    std::size_t& happened_at =
        entry.item.type == ItemType::payment ? history.paid_at : history.credited_at;
    if (happened_at != never) return never;
    happened_at = step;
    return known->second;
  }

  Money sum_at(std::size_t step) const {
    Money sum;
    for (const History& history : histories_) {
      if (history.is_counted(step)) sum += history.item->amount;
    }
    return sum;
  }

  Date entitled_from_at(std::size_t step) const {
    Money sum;
    for (const std::size_t i : service_order_) {
      if (!histories_[i].is_counted(step)) continue;
      sum += histories_[i].item->amount;
      if (sum >= ceiling_) return oslo_date(histories_[i].item->service_time);
    }
    LEDGER_ASSERT(false && "asked only when the sum is at the ceiling");
    return {};
  }

  void decide_card(std::size_t step) {
    if (sum_at(step) < ceiling_) {
      if (card_) card_->state = CardState::under_review;
      return;
    }
    if (!card_) {
      const Item& item = entries_[step].item;
      const AccountKey account{entries_[step].person, year_};
      card_ = ExemptionCard{CardState::active, item.received, {},
                            item.guid,         rule_pack_,    card_id_of(account, item.guid),
                            {},                {}};
      card_cause_ = entries_[step].verdict.position;
    }
    card_->state = CardState::active;
    card_->entitled_from = entitled_from_at(step);
  }

  void settle_refund(std::size_t step, const History& subject) {
    Money refunded;
    for (const RefundLine& line : lines_) refunded += line.amount;
    const Money excess = std::max(Money(), sum_at(step) - ceiling_);
    const Position cause = entries_[step].verdict.position;
    if (excess > refunded) {
      const Money growth = excess - refunded;
      LEDGER_ASSERT(growth <= subject.item->amount);
      lines_.push_back({subject.position, subject.item->guid, cause, growth});
    } else if (excess < refunded) {
      net(subject, cause, refunded - excess);
    }
  }

  /// Takes `wanted` back: from the subject first, then from the registrations that still have
  /// something, the one with the newest line first.
  void net(const History& subject, Position cause, Money wanted) {
    std::map<Position, Money> outstanding;
    for (const RefundLine& line : lines_) outstanding[line.registration] += line.amount;
    std::vector<std::pair<Position, Guid>> order{{subject.position, subject.item->guid}};
    for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
      if (line->amount > Money()) order.emplace_back(line->registration, line->guid);
    }
    for (const auto& [registration, guid] : order) {
      const Money taken = std::min(wanted, outstanding[registration]);
      if (taken == Money()) continue;
      outstanding[registration] -= taken;
      wanted -= taken;
      lines_.push_back({registration, guid, cause, -taken});
    }
    LEDGER_ASSERT(wanted == Money());
  }

  void describe(ReferenceAccount& result) const {
    if (entries_.empty()) return;
    const std::size_t last = entries_.size() - 1;
    std::map<Date, Money> days;
    std::map<Position, Money> refunded;
    for (const RefundLine& line : lines_) refunded[line.registration] += line.amount;
    for (const History& history : histories_) {
      const Item& item = *history.item;
      if (history.is_counted(last)) days[oslo_date(item.service_time)] += item.amount;
      const std::size_t counted_at = item.is_paid ? history.reported_at : history.paid_at;
      const Instant counted_from =
          counted_at == never ? Instant{} : entries_[counted_at].item.received;
      result.registrations.push_back({history.position, history.practice, item.guid,
                                      item.service_type, item.service_time, counted_from,
                                      item.amount, history.is_paid(last), history.is_credited(last),
                                      history.reason(last), refunded[history.position]});
    }
    for (const auto& [day, amount] : days) result.account.days.push_back({day, amount});
    result.account.counted_sum = sum_at(last);
    result.account.newest = entries_.back().verdict.position;
    result.account.card = card_;
    result.account.refund_lines = lines_;
  }

  std::span<const ItemEntry> entries_;
  int year_;
  Money ceiling_;
  RulePackHash rule_pack_;
  std::vector<History> histories_;          // in processing order
  std::vector<std::size_t> subjects_;       // of each step: index of the registration, or `never`
  std::vector<std::size_t> service_order_;  // of histories_; ties in processing order
  std::map<std::pair<PracticeNumber, Guid>, std::size_t> by_key_;
  std::optional<ExemptionCard> card_;
  Position card_cause_;
  std::vector<RefundLine> lines_;
};

}  // namespace

ReferenceAccount reference_account(std::span<const ItemEntry> entries, int year, Money ceiling,
                                   const RulePackHash& rule_pack) {
  LEDGER_ASSERT(ceiling > Money());
  return Recomputation(entries, year, ceiling, rule_pack).run();
}

std::map<TimelinessKey, TimelinessMonth> reference_timeliness(std::span<const ItemEntry> entries) {
  std::map<TimelinessKey, TimelinessMonth> months;
  for (const ItemEntry& entry : entries) {
    if (entry.item.type != ItemType::copayment) continue;
    const Date service = oslo_date(entry.item.service_time);
    const Date received = oslo_date(entry.item.received);
    const auto days = (received - service).count();
    const std::size_t lag = days > 0 ? static_cast<std::size_t>(days) : 0;
    for (const PracticeNumber practice : {entry.practice, nation}) {
      for (const auto& [basis, day] :
           {std::pair{Basis::received, received}, std::pair{Basis::service, service}}) {
        std::vector<std::uint32_t>& by_lag = months[{practice, basis, month_of(day)}].by_lag;
        by_lag.resize(std::max(by_lag.size(), lag + 1));
        ++by_lag[lag];
      }
    }
  }
  return months;
}

}  // namespace ledger
