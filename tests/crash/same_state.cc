#include "tests/crash/same_state.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/check.h"
#include "tests/support/builders.h"

namespace crash {
namespace {

using ledger::PersonId;
using ledger::Position;
using ledger::PracticeNumber;
using ledger::test::MemoryStore;
using sim::check;
using storage::StateStore;

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

template <class Value>
bool is(const ledger::Result<Value>& found, const Value& expected) {
  return found && found.value() == expected;
}

void check_registrations(StateStore& stored, const MemoryStore& expected) {
  for (const auto& [key, registration] : expected.registrations()) {
    check(is(stored.find_registration(key), std::optional(registration)),
          "a registration is stored as it is by the journal");
  }
  std::map<PracticeNumber, std::vector<ledger::UnpaidRegistration>> unpaid;
  for (const auto& [digits, practice] : expected.practices()) unpaid[practice];
  for (const auto& [key, registration] : expected.unpaid()) {
    unpaid[key.practice].push_back(registration);
  }
  for (const auto& [practice, registrations] : unpaid) {
    check(is(stored.unpaid({practice, ledger::first_day, Position()}, ledger::last_day, 10'000),
             registrations),
          "what is unpaid is stored as it is by the journal");
  }
}

void check_persons(StateStore& stored, const MemoryStore& expected) {
  for (const auto& [number, person] : expected.persons()) {
    check(is(stored.person_of(number), std::optional(person)), "a number leads to its person");
  }
  for (std::size_t i = 0; i < expected.numbers().size(); ++i) {
    const PersonId person{i + 1};
    check(is(stored.numbers(person), expected.numbers()[i]), "a person has its numbers, in order");
    const auto known = expected.facts().find(person);
    const ledger::Person facts = known == expected.facts().end() ? ledger::Person() : known->second;
    check(is(stored.person(person), facts), "what registries told of a person is stored");
    check(stored.person_brief(person) == facts.brief(), "what items ask of a person is stored");
  }
  for (const auto& [id, event] : expected.registry_events()) {
    check(is(stored.find_registry_event(id), std::optional(event)), "an event is known by its id");
  }
  const PersonId next{expected.numbers().size() + 1};
  check(stored.person_brief(next) == ledger::PersonBrief(), "nobody else is known");
}

void check_practices(const StateStore& stored, const MemoryStore& expected) {
  check(stored.practices().size() == expected.practices().size() + 1,
        "the practices, and the nation");
  for (const auto& [digits, number] : expected.practices()) {
    const auto id = stored.practice_identifier(number);
    check(id && id.value().view() == digits, "a practice keeps its number");
    const auto found = stored.registered_practice(number);
    const auto told = expected.registered_practices().find(number);
    const bool is_told = told != expected.registered_practices().end();
    check((found != nullptr) == is_told, "what a registry told of practices is stored");
    if (!is_told) continue;
    check(found->event == told->second.event && found->position == told->second.position,
          "a practice is as its registry told last");
  }
}

void check_feed(const StateStore& stored, const MemoryStore& expected) {
  const auto found = stored.events(Position(), 0, no_limit);
  check(found.has_value(), "the feed can be read");
  check(found.value().size() == expected.events().size(), "the feed tells each event once");
  for (std::size_t i = 0; i < expected.events().size(); ++i) {
    check(found.value()[i].second == expected.events()[i], "the feed is that of the journal");
  }
}

void check_timeliness(const StateStore& stored, const MemoryStore& expected) {
  for (const auto& [key, month] : expected.timeliness()) {
    const auto found = stored.timeliness(key);
    check(found.has_value(), "a month of timeliness can be read");
    // Lags without a co-payment at the end may or may not be there.
    std::vector<std::uint32_t> lags = found.value().by_lag;
    std::vector<std::uint32_t> expected_lags = month.by_lag;
    const std::size_t size = std::max(lags.size(), expected_lags.size());
    lags.resize(size);
    expected_lags.resize(size);
    check(lags == expected_lags, "the lags of a month are those of the journal");
  }
  std::map<std::pair<std::string, ledger::Month>, ledger::TimelinessMonth> counted;
  for (const ledger::Tally& tally : expected.tallies()) {
    // What names no practice is counted for the nation alone.
    if (tally.practice.view().empty()) continue;
    counted[{std::string(tally.practice.view()), tally.month}].add_tally(tally.code, tally.count);
  }
  for (const auto& [of, month] : counted) {
    const auto& [digits, when] = of;
    const auto practice = expected.practices().find(digits);
    ledger::TimelinessMonth found;
    if (practice != expected.practices().end()) {
      const auto read = stored.timeliness({practice->second, ledger::Basis::received, when});
      if (read) found = read.value();
    } else {
      auto refusals = stored.refusals(ledger::test::practice_id(digits));
      if (refusals) found = refusals.value()[when];
    }
    check(found.duplicates == month.duplicates && found.rejected == month.rejected,
          "what was sent again or refused is counted as in the journal, with or without a number");
  }
}

}  // namespace

void check_same(StateStore& stored, const MemoryStore& expected) {
  for (const auto& [key, account] : expected.accounts()) {
    check(is(stored.account(key), account), "an account is stored as it is by the journal");
  }
  check_registrations(stored, expected);
  check_persons(stored, expected);
  check_practices(stored, expected);
  check_feed(stored, expected);
  check_timeliness(stored, expected);
}

}  // namespace crash
