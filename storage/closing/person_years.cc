#include "storage/closing/person_years.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace storage {

using ledger::ItemType;
using ledger::PersonId;
using ledger::Position;

namespace {

/// What is nobody's is told apart by its registration.
using ReportedKey = std::pair<std::uint32_t, std::array<std::uint8_t, 16>>;
ReportedKey registration_of(const PutAsideEntry& entry) { return {entry.practice, entry.guid}; }

bool is_before(const PutAsideEntry& a, const PutAsideEntry& b) {
  if (a.owner != b.owner) return a.owner < b.owner;
  if (a.owner == 0 && registration_of(a) != registration_of(b)) {
    return registration_of(a) < registration_of(b);
  }
  return a.position < b.position;
}
bool is_before(const PutAsideRegistryEvent& a, const PutAsideRegistryEvent& b) {
  return std::tie(a.owner, a.position) < std::tie(b.owner, b.position);
}
bool is_before(const PutAsidePeriod& a, const PutAsidePeriod& b) {
  return std::tie(a.owner, a.position, a.from) < std::tie(b.owner, b.position, b.from);
}
bool is_before(const PutAsideMeanwhile& a, const PutAsideMeanwhile& b) {
  return std::tie(a.owner, a.position, a.entry) < std::tie(b.owner, b.position, b.entry);
}
bool is_before(const PutAsideEvent& a, const PutAsideEvent& b) {
  return std::tie(a.owner, a.cause, a.ordinal) < std::tie(b.owner, b.cause, b.ordinal);
}

template <class Record>
std::vector<Record> sorted(std::vector<Record> records) {
  std::sort(records.begin(), records.end(),
            [](const Record& a, const Record& b) { return is_before(a, b); });
  return records;
}

using Rows = std::vector<std::pair<PersonId, std::string>>;

Rows read_accounts(const StateReader& state, PersonId first, PersonId end, int year) {
  Rows accounts;
  require_read(state.for_each(
                   StateFamily::accounts, account_key({first, 0}),
                   [&](std::string_view key, std::string_view value) -> ledger::Result<void> {
                     const ledger::AccountKey account = decode_account_key(key);
                     if (account.year == year) accounts.emplace_back(account.person, value);
                     return ledger::ok();
                   },
                   account_key({end, 0})),
               "the accounts of the state");
  return accounts;
}

/// Those of who is somebody else now are looked up with that one.
Rows read_facts(const StateReader& state, const Owners& owners, PersonId first, PersonId end) {
  Rows facts;
  require_read(state.for_each(
                   StateFamily::facts, person_key(first),
                   [&](std::string_view key, std::string_view value) -> ledger::Result<void> {
                     const PersonId person = decode_person_key(key);
                     if (!owners.is_merged(person)) facts.emplace_back(person, value);
                     return ledger::ok();
                   },
                   person_key(end)),
               "what the state knows of persons");
  return facts;
}

}  // namespace

PersonYears::PersonYears(const StateReader& state, const ReconciliationParts& parts,
                         const Owners& owners, std::size_t part, int year)
    : year_(year),
      end_(parts.end_of_persons(part)),
      entries_(sorted(parts.read_part(parts.entries, part, owners))),
      registry_events_(sorted(parts.read_part(parts.registry_events, part, owners))),
      periods_(sorted(parts.read_part(parts.periods, part, owners))),
      meanwhile_(sorted(parts.read_part(parts.meanwhile, part, owners))),
      events_(sorted(parts.read_part(parts.events, part, owners))),
      accounts_(read_accounts(state, parts.first_person(part), end_, year)),
      facts_(read_facts(state, owners, parts.first_person(part), end_)),
      account_(accounts_.begin()),
      fact_(facts_.begin()) {}

std::optional<PersonYear> PersonYears::next() {
  const PersonId person = next_person();
  if (person >= end_) return std::nullopt;
  PersonYear year;
  year.key = {person, year_};
  take_entries(year);
  take_registry_events(year);
  take_meanwhile(year);
  take_account(year);
  take_facts(year);
  take_events(year);
  return year;
}

PersonId PersonYears::next_person() const {
  constexpr std::uint64_t nobody = ~std::uint64_t{0};
  const auto owner_at = [](const auto& cursor) {
    return cursor.next == cursor.records.end() ? nobody : cursor.next->owner;
  };
  return PersonId{std::min({owner_at(entries_), owner_at(registry_events_), owner_at(events_),
                            account_ == accounts_.end() ? nobody : account_->first.value(),
                            fact_ == facts_.end() ? nobody : fact_->first.value()})};
}

/// Payments and credit notes of other years have been put aside too: they stay out here.
void PersonYears::take_entries(PersonYear& year) {
  if (!entries_.is_at(year.key.person.value())) return;
  const PutAsideEntry& first = *entries_.next;
  std::set<ReportedKey> registrations;
  for (auto& entry = entries_.next; entries_.is_at(first.owner); ++entry) {
    if (year.is_of_nobody() && registration_of(*entry) != registration_of(first)) return;
    if (static_cast<ItemType>(entry->type) == ItemType::copayment) {
      registrations.insert(registration_of(*entry));
    } else if (!registrations.contains(registration_of(*entry))) {
      continue;
    }
    year.entries.push_back(take_up(*entry));
    year.reported_for.push_back(PersonId{entry->of});
    year.rule_packs.push_back(entry->rule_pack);
  }
}

void PersonYears::take_registry_events(PersonYear& year) {
  for (; registry_events_.is_at(year.key.person.value()); ++registry_events_.next) {
    year.registry_events.push_back(take_up(*registry_events_.next, year_));
    year.registry_rule_packs.push_back(registry_events_.next->rule_pack);
    take_periods(year.registry_events.back());
  }
}

void PersonYears::take_periods(ledger::PersonEntry& event) {
  for (auto& period = periods_.next;
       period != periods_.records.end() && period->position == event.position.value(); ++period) {
    const auto date = [](std::int32_t day) { return ledger::Date{std::chrono::days{day}}; };
    event.event.periods.push_back(
        {date(period->from), period->has_to ? std::optional(date(period->to)) : std::nullopt});
  }
}

/// Of what came meanwhile, what is of the year.
void PersonYears::take_meanwhile(PersonYear& year) {
  std::set<Position> of_year;
  if (meanwhile_.is_at(year.key.person.value())) {
    for (const ledger::ItemEntry& entry : year.entries) of_year.insert(entry.verdict.position);
  }
  auto event = year.registry_events.begin();
  for (; meanwhile_.is_at(year.key.person.value()); ++meanwhile_.next) {
    while (event->position < Position{meanwhile_.next->position}) ++event;
    const Position entry{meanwhile_.next->entry};
    if (of_year.contains(entry)) event->meanwhile.push_back(entry);
  }
}

void PersonYears::take_account(PersonYear& year) {
  if (account_ == accounts_.end() || account_->first != year.key.person) return;
  year.account.emplace();
  require_read(decode_account(account_->second, *year.account), "an account of the state");
  ++account_;
}

void PersonYears::take_facts(PersonYear& year) {
  if (fact_ == facts_.end() || fact_->first != year.key.person) return;
  auto facts = decode_person(fact_->second);
  if (!facts) require_read(facts.error(), "what the state knows of a person");
  year.facts = std::move(facts.value());
  ++fact_;
}

void PersonYears::take_events(PersonYear& year) {
  for (; events_.is_at(year.key.person.value()); ++events_.next) {
    ledger::Event event = take_up(*events_.next, year_);
    const bool is_merge = event.type == ledger::EventType::person_merged;
    (is_merge ? year.merges_told : year.events).push_back(std::move(event));
  }
}

}  // namespace storage
