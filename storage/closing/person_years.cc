#include "storage/closing/person_years.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace storage {

using ledger::ItemType;
using ledger::PersonId;
using ledger::Position;

namespace {

std::vector<PutAsideEntry> sorted(std::vector<PutAsideEntry> entries) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.person, a.position) < std::pair(b.person, b.position);
  });
  return entries;
}

std::vector<PutAsideEvent> sorted(std::vector<PutAsideEvent> events) {
  std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.person, a.cause, a.ordinal) < std::tuple(b.person, b.cause, b.ordinal);
  });
  return events;
}

std::vector<std::pair<PersonId, std::string>> read_accounts(const StateReader& state,
                                                            PersonId first, PersonId end,
                                                            int year) {
  std::vector<std::pair<PersonId, std::string>> accounts;
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

}  // namespace

PersonYears::PersonYears(const StateReader& state, const ReconciliationParts& parts,
                         std::size_t part, int year)
    : year_(year),
      end_(parts.end_of_persons(part)),
      entries_(sorted(parts.entries.read(part))),
      events_(sorted(parts.events.read(part))),
      accounts_(read_accounts(state, parts.first_person(part), end_, year)),
      entry_(entries_.begin()),
      event_(events_.begin()),
      account_(accounts_.begin()) {}

std::optional<PersonYear> PersonYears::next() {
  const PersonId person = next_person();
  if (person >= end_) return std::nullopt;
  PersonYear year;
  year.key = {person, year_};
  take_entries(year);
  take_account(year);
  take_events(year);
  return year;
}

PersonId PersonYears::next_person() const {
  constexpr std::uint64_t nobody = ~std::uint64_t{0};
  return PersonId{std::min({entry_ == entries_.end() ? nobody : entry_->person,
                            event_ == events_.end() ? nobody : event_->person,
                            account_ == accounts_.end() ? nobody : account_->first.value()})};
}

/// Payments and credit notes of other years have been put aside too: they stay out here.
void PersonYears::take_entries(PersonYear& year) {
  std::set<std::pair<std::uint32_t, std::array<std::uint8_t, 16>>> registrations;
  for (; entry_ != entries_.end() && entry_->person == year.key.person.value(); ++entry_) {
    const auto registration = std::pair(entry_->practice, entry_->guid);
    if (static_cast<ItemType>(entry_->type) == ItemType::copayment) {
      registrations.insert(registration);
    } else if (!registrations.contains(registration)) {
      continue;
    }
    year.entries.push_back(take_up(*entry_));
    year.rule_packs.push_back(entry_->rule_pack);
  }
}

void PersonYears::take_account(PersonYear& year) {
  if (account_ == accounts_.end() || account_->first != year.key.person) return;
  year.account.emplace();
  require_read(decode_account(account_->second, *year.account), "an account of the state");
  ++account_;
}

void PersonYears::take_events(PersonYear& year) {
  for (; event_ != events_.end() && event_->person == year.key.person.value(); ++event_) {
    ledger::Event& event = year.events.emplace_back();
    event.type = static_cast<ledger::EventType>(event_->type);
    event.account = year.key;
    event.cause = Position{event_->cause};
    event.registration = Position{event_->registration};
    event.amount = ledger::Money::from_ore(event_->amount_ore);
  }
}

}  // namespace storage
