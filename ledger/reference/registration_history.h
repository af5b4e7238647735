#pragma once

#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "ledger/reference/person_history.h"
#include "ledger/reference/step.h"

namespace ledger {

/// The step of what has not happened, and the registration of an entry that is about none.
inline constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

/// A registration as the steps at which things happened to it, from which its state at any moment
/// follows without looking at the moment before.
struct RegistrationHistory {
  const Item* item = nullptr;
  PracticeNumber practice;
  PersonId person;  ///< who it was reported for; 0 = sent while the person was opted out
  Position position;
  std::size_t reported_at = never;
  std::size_t paid_at = never;  ///< by a payment
  std::size_t credited_at = never;

  bool is_paid(std::size_t moment) const { return item->is_paid || paid_at < moment; }
  bool is_credited(std::size_t moment) const { return credited_at < moment; }
  /// Why it does not count, as the item alone says.
  Code reason(std::size_t moment) const;
};

/// The registrations of a year, in the order of their positions. Refers to steps and persons.
class RegistrationHistories {
 public:
  RegistrationHistories(std::span<const Step> steps, const PersonHistory& persons, int year);

  std::size_t size() const { return histories_.size(); }
  const RegistrationHistory& operator[](std::size_t i) const { return histories_[i]; }
  /// Those in the order of their services; ties in the order of their positions.
  const std::vector<std::size_t>& service_order() const { return service_order_; }
  /// Which registration the step is about; `never` for a misfit or an event about a person.
  std::size_t subject(std::size_t step) const { return subjects_[step]; }

  /// Whose it was at that moment.
  PersonId owner(std::size_t i, std::size_t moment) const;
  /// Why it does not count, by all that was known at that moment.
  Code reason(std::size_t i, std::size_t moment) const;
  /// Whether it counted in its owner's account. A hidden account stays as it was when it was shown
  /// last.
  bool counts(std::size_t i, std::size_t moment) const;

 private:
  std::size_t place(std::size_t step, const ItemEntry& entry);
  std::size_t place_copayment(std::size_t step, const ItemEntry& entry);
  bool is_hidden(std::size_t i, std::size_t moment) const {
    return persons_.is_opted_out(owner(i, moment), moment);
  }

  const PersonHistory& persons_;
  const int year_;
  std::vector<RegistrationHistory> histories_;
  std::vector<std::size_t> service_order_;
  std::vector<std::size_t> subjects_;
  std::map<std::pair<PracticeNumber, Guid>, std::size_t> by_key_;
};

}  // namespace ledger
