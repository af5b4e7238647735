#include "ledger/reference/registration_history.h"

#include <algorithm>

namespace ledger {

Code RegistrationHistory::reason(std::size_t moment) const {
  if (is_credited(moment)) return Code::credited;
  if (!is_paid(moment)) return Code::unpaid;
  if (item->amount == Money()) return Code::zero_amount;
  return Code::none;
}

RegistrationHistories::RegistrationHistories(std::span<const Step> steps,
                                             const PersonHistory& persons, int year)
    : persons_(persons), year_(year) {
  for (std::size_t step = 0; step < steps.size(); ++step) {
    subjects_.push_back(steps[step].item ? place(step, *steps[step].item) : never);
  }
  for (std::size_t i = 0; i < histories_.size(); ++i) service_order_.push_back(i);
  std::stable_sort(service_order_.begin(), service_order_.end(),
                   [this](std::size_t a, std::size_t b) {
                     return histories_[a].item->service_time < histories_[b].item->service_time;
                   });
}

/// Notes what the entry does to its registration. An entry is of the person whose the registration
/// is by then, and names nobody while that one is opted out.
std::size_t RegistrationHistories::place(std::size_t step, const ItemEntry& entry) {
  if (entry.item.type == ItemType::copayment) return place_copayment(step, entry);
  const auto known = by_key_.find({entry.practice, entry.item.guid});
  if (known == by_key_.end()) return never;
  const std::size_t i = known->second;
  const PersonId named = is_hidden(i, step) ? PersonId() : owner(i, step);
  if (entry.person != named || histories_[i].is_credited(step)) return never;
  std::size_t& happened_at =
      entry.item.type == ItemType::payment ? histories_[i].paid_at : histories_[i].credited_at;
  if (happened_at != never) return never;
  happened_at = step;
  return i;
}

std::size_t RegistrationHistories::place_copayment(std::size_t step, const ItemEntry& entry) {
  const bool fits = year_of(oslo_date(entry.item.service_time)) == year_ &&
                    persons_.who(entry.person, step) == entry.person &&
                    !persons_.is_opted_out(entry.person, step);
  if (!fits || !by_key_.try_emplace({entry.practice, entry.item.guid}, histories_.size()).second) {
    return never;
  }
  histories_.push_back(
      {&entry.item, entry.practice, entry.person, entry.verdict.position, step, never, never});
  return histories_.size() - 1;
}

PersonId RegistrationHistories::owner(std::size_t i, std::size_t moment) const {
  return persons_.who(histories_[i].person, moment);
}

Code RegistrationHistories::reason(std::size_t i, std::size_t moment) const {
  const RegistrationHistory& history = histories_[i];
  if (const Code alone = history.reason(moment); alone != Code::none) return alone;
  const std::optional<Date> birth = persons_.facts(owner(i, moment), moment).birth_date;
  const bool is_child =
      birth && oslo_date(history.item->service_time) < sixteen_years_after(*birth);
  return is_child ? Code::under_16 : Code::none;
}

bool RegistrationHistories::counts(std::size_t i, std::size_t moment) const {
  const RegistrationHistory& history = histories_[i];
  if (history.reported_at >= moment || history.person == PersonId()) return false;
  while (is_hidden(i, moment)) --moment;  // it was reported while shown
  return reason(i, moment) == Code::none;
}

}  // namespace ledger
