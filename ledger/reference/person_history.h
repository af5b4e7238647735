#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "ledger/reference/step.h"

namespace ledger {

/// What the registries had said of the persons at each moment, and who was who.
class PersonHistory {
 public:
  struct Facts {
    Position newest_event;  ///< 0 = nothing has been said
    std::optional<Date> birth_date;
    bool has_death = false;                      ///< something has been said of a death
    std::optional<Date> death;                   ///< nothing when it was annulled
    std::optional<std::vector<Period>> pension;  ///< empty when that was said
    bool is_opted_out = false;
    PersonId merged_into;  ///< 0 = nobody
  };

  explicit PersonHistory(std::span<const Step> steps);

  /// Who this person was at the moment, after the merges until then. Nobody stays nobody.
  PersonId who(PersonId person, std::size_t moment) const {
    return is_silent() ? person : last_of_merges(person, moment);
  }
  /// Of a person as of the moment.
  const Facts& facts(PersonId person, std::size_t moment) const {
    return is_silent() ? nothing_said : said(person, moment);
  }
  bool is_opted_out(PersonId person, std::size_t moment) const {
    return facts(person, moment).is_opted_out;
  }
  /// Whether the entry tells of persons who could not be told of so: it has no effect.
  bool is_misfit(std::size_t step) const { return misfits_.contains(step); }

 private:
  using Persons = std::map<PersonId, Facts>;
  static bool fits(const Persons& before, const PersonEntry& entry);
  /// Nothing is ever said: so it is of most persons.
  bool is_silent() const { return versions_.size() == 1; }
  PersonId last_of_merges(PersonId person, std::size_t moment) const;
  const Facts& said(PersonId person, std::size_t moment) const;

  static const Facts nothing_said;
  std::vector<Persons> versions_;        // the first is empty
  std::vector<std::size_t> version_of_;  // of each moment
  std::set<std::size_t> misfits_;
};

/// The first day on which somebody is 16: of 29 February it is 1 March where there is no such day.
Date sixteen_years_after(Date birth_date);

}  // namespace ledger
