#include "ledger/reference/compare_person.h"

#include <algorithm>
#include <set>
#include <utility>

#include "ledger/values/rfc3339.h"

namespace ledger {
namespace {

std::string text_of(bool value) { return value ? "true" : "false"; }
std::string text_of(Position position) { return std::to_string(position.value()); }
std::string text_of(PersonId person) { return std::to_string(person.value()); }
std::string text_of(const std::optional<Date>& date) { return date ? to_string(*date) : ""; }
std::string text_of(const std::vector<Position>& positions) {
  std::string text;
  for (const Position position : positions) text += (text.empty() ? "" : " ") + text_of(position);
  return text;
}
std::string text_of(const std::optional<std::vector<Period>>& periods) {
  if (!periods) return "";
  std::string text = "periods:";
  for (const Period& period : *periods)
    text += ' ' + to_string(period.from) + '/' + text_of(period.to);
  return text;
}
std::string text_of(const std::optional<JoinedYear>& joined) {
  if (!joined) return "";
  return text_of(joined->kept) + " and " + text_of(joined->other);
}
std::string text_of(const UntoldMerge& merge) {
  return text_of(merge.other) + " into " + text_of(merge.kept) + " by " + text_of(merge.position) +
         ", cards replaced: " + std::to_string(merge.replaced_cards.size());
}
std::string text_of(const Event& merged) {
  return text_of(merged.merged) + " into " + text_of(merged.account.person) + " by " +
         text_of(merged.cause) +
         ", cards replaced: " + std::to_string(merged.replaced_cards.size());
}

std::vector<ReplacedCard> of_year(std::vector<ReplacedCard> cards, int year) {
  std::erase_if(cards, [year](const ReplacedCard& card) { return card.year != year; });
  return cards;
}

/// Compares one person; see compare_person().
class PersonComparison {
 public:
  PersonComparison(const ReferencePerson& expected, const KeptPerson& kept, int year,
                   std::vector<Difference>& differences)
      : expected_(expected), kept_(kept), year_(year), differences_(differences) {}

  /// Each event names the ones before it.
  void compare_entries() {
    std::map<PersonId, Position> newest;
    for (const PersonEntry& entry : kept_.entries) {
      const Position at = entry.position;
      compare(at, "previous", newest[entry.person], entry.previous);
      newest[entry.person] = at;
      if (entry.other != PersonId()) {
        compare(at, "otherPrevious", newest[entry.other], entry.other_previous);
        compare(at, "year", joined_by(at), joined_in(entry));
      }
      compare_meanwhile(entry);
    }
  }

  void compare_facts() {
    const Position at = expected_.newest_event;
    if (!kept_.facts) {
      if (at != Position()) report(at, "facts", text_of(at), "");
      return;
    }
    const Person& found = *kept_.facts;
    compare(at, "newestEvent", at, found.newest_event);
    compare(at, "birthDate", expected_.birth_date, found.birth_date);
    compare(at, "hasDeath", expected_.has_death, found.has_death);
    compare(at, "death", expected_.death, found.death);
    compare(at, "minimumPension", expected_.pension, found.pension);
    compare(at, "optedOut", expected_.is_opted_out, found.is_opted_out);
    compare(at, "mergedInto", PersonId(), found.merged_into);
    compare_lists(at, "untoldMerge", expected_.untold, untold_of(found));
  }

  /// Who is another person now is known by that and nothing else.
  void compare_merged() {
    for (const PersonEntry& entry : kept_.entries) {
      if (entry.other == PersonId()) continue;
      const auto found = kept_.merged.find(entry.other);
      const bool is_kept = found != kept_.merged.end() && found->second;
      const Person person = is_kept ? *found->second : Person();
      compare(entry.position, "mergedInto", entry.person, person.merged_into);
      if (person.merged_into != entry.person) continue;
      Person due;
      due.newest_event = entry.position;
      due.merged_into = entry.person;
      if (person != due) report(entry.position, "facts", "nothing but who it is now", "more");
    }
  }

  void compare_told() {
    std::vector<Event> due;
    for (const Event& event : expected_.events) {
      if (event.type == EventType::person_merged) due.push_back(event);
    }
    std::vector<Event> told(kept_.merges.begin(), kept_.merges.end());
    for (Event& event : told) event.replaced_cards = of_year(event.replaced_cards, year_);
    compare_lists(expected_.newest_event, "personMerged", due, told, DifferenceKind::event_differs);
  }

 private:
  void report(Position position, const char* field, std::string expected, std::string found,
              DifferenceKind kind = DifferenceKind::person_differs) {
    differences_.push_back(
        {kind, {expected_.id, year_}, {}, position, field, std::move(expected), std::move(found)});
  }

  template <class Value>
  void compare(Position position, const char* field, const Value& expected, const Value& found) {
    if (expected != found) report(position, field, text_of(expected), text_of(found));
  }

  /// Reports the first place in which they differ.
  template <class Value>
  void compare_lists(Position position, const char* field, const std::vector<Value>& expected,
                     const std::vector<Value>& found,
                     DifferenceKind kind = DifferenceKind::person_differs) {
    const auto [due, is] =
        std::mismatch(expected.begin(), expected.end(), found.begin(), found.end());
    if (due == expected.end() && is == found.end()) return;
    report(position, field, due == expected.end() ? "" : text_of(*due),
           is == found.end() ? "" : text_of(*is), kind);
  }

  /// An opt-in names what came meanwhile. It may name again what an earlier one has named.
  void compare_meanwhile(const PersonEntry& entry) {
    const auto due = expected_.meanwhile.find(entry.position);
    if (due == expected_.meanwhile.end()) return;
    named_.insert(due->second.begin(), due->second.end());
    const std::vector<Position>& found = entry.meanwhile;
    const bool has_all =
        std::includes(found.begin(), found.end(), due->second.begin(), due->second.end());
    const bool has_no_others =
        std::includes(named_.begin(), named_.end(), found.begin(), found.end());
    if (!has_all || !has_no_others) {
      report(entry.position, "meanwhile", text_of(due->second), text_of(found));
    }
  }

  std::vector<UntoldMerge> untold_of(const Person& found) const {
    std::vector<UntoldMerge> untold = found.untold;
    for (UntoldMerge& merge : untold) merge.replaced_cards = of_year(merge.replaced_cards, year_);
    return untold;
  }

  std::optional<JoinedYear> joined_by(Position merge) const {
    const auto account = expected_.accounts.find(year_);
    if (account == expected_.accounts.end()) return std::nullopt;
    for (const ReferenceMerge& candidate : account->second.merges) {
      if (candidate.position == merge) return candidate.joined;
    }
    return std::nullopt;
  }

  std::optional<JoinedYear> joined_in(const PersonEntry& entry) const {
    for (const JoinedYear& joined : entry.years) {
      if (joined.year == year_) return joined;
    }
    return std::nullopt;
  }

  const ReferencePerson& expected_;
  const KeptPerson& kept_;
  const int year_;
  std::vector<Difference>& differences_;
  std::set<Position> named_;  // by the opt-ins so far
};

}  // namespace

void compare_person(const ReferencePerson& expected, const KeptPerson& kept, int year,
                    std::vector<Difference>& differences) {
  PersonComparison comparison(expected, kept, year, differences);
  comparison.compare_entries();
  comparison.compare_facts();
  comparison.compare_merged();
  comparison.compare_told();
}

}  // namespace ledger
