#include "ledger/rules/person_events.h"

#include <algorithm>

#include "ledger/rules/judgement.h"
#include "ledger/rules/person_merge.h"

namespace ledger {
namespace {

const EncryptedNumber erased{};

/// `numbers` with this one in front, and once.
void put_in_front(std::vector<EncryptedNumber>& numbers, const EncryptedNumber& number) {
  if (number == erased) return;
  std::erase(numbers, number);
  numbers.insert(numbers.begin(), number);
}

/// The payments and credit notes that the account's items do not name.
void add_meanwhile(const AccountHistory& history, std::vector<Position>& meanwhile) {
  for (const HeldRegistration& held : history.registrations) {
    for (const Verdict* verdict : {&held.registration.payment, &held.registration.credit_note}) {
      const Position at = verdict->position;
      if (!verdict->is_given()) continue;
      if (std::binary_search(history.items.begin(), history.items.end(), at)) continue;
      meanwhile.push_back(at);
    }
  }
}

bool is_of(const std::vector<UntoldMerge>& merges, Position cause) {
  return std::any_of(merges.begin(), merges.end(),
                     [cause](const UntoldMerge& merge) { return merge.position == cause; });
}

}  // namespace

PostContext context_of(const PersonEntry& entry, const RulePack& rules, int year,
                       const std::optional<Date>& birth_date) {
  return {{entry.person, year},    entry.position, entry.event.received,
          *rules.ceiling_of(year), rules.hash(),   birth_date};
}

Event told_merge(const UntoldMerge& merge, Position cause) {
  Event event;
  event.type = EventType::person_merged;
  event.account = {merge.kept, 0};
  event.cause = cause;
  event.merged = merge.other;
  event.replaced_cards = merge.replaced_cards;
  return event;
}

Result<bool> PersonEvents::find_persons(PersonEntry& entry) {
  const PersonEvent& event = entry.event;
  entry.other = PersonId();
  auto person = store_.find_person(event.person);
  if (!person) return person.error();
  auto other = std::optional<PersonId>();
  if (event.has_other()) {
    const auto found = store_.find_person(event.other);
    if (!found) return found.error();
    other = found.value();
  }
  entry.is_new_person = !person.value() && !other;
  if (entry.is_new_person) return true;
  if (person.value() && other && *person.value() != *other) {
    entry.person = std::min(*person.value(), *other);
    entry.other = std::max(*person.value(), *other);
  } else {
    entry.person = person.value() ? *person.value() : *other;
  }
  if (!event.has_other()) return true;
  std::size_t numbers = 1;  // at most one is new
  for (const PersonId id : {entry.person, entry.other}) {
    if (id.value() == 0) continue;
    const auto known = store_.numbers_of(id);
    if (!known) return known.error();
    numbers += known.value().size();
  }
  return numbers <= person_numbers_max;
}

Result<void> PersonEvents::apply(PersonEntry& entry, std::vector<Event>& events) {
  entry.previous = Position();
  entry.other_previous = Position();
  entry.years.clear();
  entry.meanwhile.clear();
  if (entry.is_new_person) {
    if (const auto added = add_person(entry); !added) return added;
  }
  if (entry.other.value() != 0) return PersonMerge(store_, rules_, log_, entry).run(events);
  auto person = store_.load_person(entry.person);
  if (!person) return person.error();
  entry.previous = person.value().newest_event;
  person.value().newest_event = entry.position;
  const auto applied = apply_facts(entry, person.value(), events);
  if (!applied) return applied;
  return store_.put_person(entry.person, person.value());
}

/// An entry of the journal says already whom it introduces.
Result<void> PersonEvents::add_person(PersonEntry& entry) {
  const auto added = store_.add_person(entry.event.person);
  if (!added) return added.error();
  if (entry.person == PersonId()) entry.person = added.value();
  return added.value() == entry.person ? ok() : Result<void>(Errc::corrupt_record);
}

/// Both numbers lead to the person, and one of them is in use.
Result<void> PersonEvents::use_number(const PersonEntry& entry) {
  auto numbers = store_.numbers_of(entry.person);
  if (!numbers) return numbers.error();
  put_in_front(numbers.value(), entry.event.person);
  put_in_front(numbers.value(), entry.event.other);
  put_in_front(numbers.value(), entry.event.in_use());
  return store_.put_numbers(entry.person, std::move(numbers.value()));
}

Result<void> PersonEvents::apply_facts(PersonEntry& entry, Person& person,
                                       std::vector<Event>& events) {
  const PersonEvent& event = entry.event;
  switch (event.type) {
    case PersonEventType::birth_date:
      return set_birth_date(entry, person, events);
    case PersonEventType::number_changed:
    case PersonEventType::merged:
      return use_number(entry);
    case PersonEventType::died:
      person.has_death = true;
      person.death = event.date;
      return ok();
    case PersonEventType::opted_out:
      person.is_opted_out = true;
      return ok();
    case PersonEventType::opted_in:
      return person.is_opted_out ? opt_in(entry, person, events) : ok();
    case PersonEventType::minimum_pension:
      person.pension = event.periods;
      return ok();
  }
  return Errc::corrupt_record;
}

Result<void> PersonEvents::set_birth_date(const PersonEntry& entry, Person& person,
                                          std::vector<Event>& events) {
  const std::optional<Date> before = std::exchange(person.birth_date, entry.event.date);
  // Of somebody new there is no account; one that is hidden is judged when it is shown again.
  if (entry.is_new_person || person.is_opted_out) return ok();
  for (const auto& [year, ceiling] : rules_.ceilings()) {
    if (!can_be_child(before, year) && !can_be_child(person.birth_date, year)) continue;
    if (const auto judged = judge_year(entry, person, year, events); !judged) return judged;
  }
  return ok();
}

Result<void> PersonEvents::judge_year(const PersonEntry& entry, const Person& person, int year,
                                      std::vector<Event>& events) {
  const PostContext context = context_of(entry, rules_, year, person.birth_date);
  Account account;
  if (const auto loaded = store_.load_account(context.account, account); !loaded) return loaded;
  auto history = read_history(store_, log_, account.newest, year);
  if (!history) return history.error();
  const ToldCard before = told_of(account.card);
  Posting posting(context, account);
  const auto is_changed =
      judge_again(store_, posting, context.birth_date, history.value().registrations);
  if (!is_changed) return is_changed.error();
  if (!is_changed.value()) return ok();
  posting.settle_card();
  posting.tell(before, Position(), events);
  account.changed_by = entry.position;
  return store_.put_account(context.account, account);
}

Result<void> PersonEvents::opt_in(PersonEntry& entry, Person& person, std::vector<Event>& events) {
  person.is_opted_out = false;
  for (const UntoldMerge& merge : person.untold) {
    events.push_back(told_merge(merge, entry.position));
  }
  for (const auto& [year, ceiling] : rules_.ceilings()) {
    if (const auto shown = show_year(entry, person, year, events); !shown) return shown;
  }
  std::sort(entry.meanwhile.begin(), entry.meanwhile.end());
  person.untold.clear();
  return ok();
}

/// The account is shown again: its registrations are judged by what they are by now, and what was
/// not told meanwhile is.
Result<void> PersonEvents::show_year(PersonEntry& entry, const Person& person, int year,
                                     std::vector<Event>& events) {
  const PostContext context = context_of(entry, rules_, year, person.birth_date);
  Account account;
  if (const auto loaded = store_.load_account(context.account, account); !loaded) return loaded;
  if (account.newest.value() == 0) return ok();
  auto history = read_history(store_, log_, account.newest, year);
  if (!history) return history.error();
  add_meanwhile(history.value(), entry.meanwhile);
  const ToldCard before = account.told.value_or(told_of(account.card));
  Posting posting(context, account);
  const auto is_changed =
      judge_again(store_, posting, context.birth_date, history.value().registrations);
  if (!is_changed) return is_changed.error();
  if (is_changed.value()) posting.settle_card();
  posting.tell_card(before, Position(), events);
  for (const RefundLine& line : account.refund_lines) {
    const bool is_untold = line.cause == entry.position || is_of(person.untold, line.cause);
    if (is_untold) posting.tell_line(line, events);
  }
  account.told.reset();
  if (is_changed.value()) account.changed_by = entry.position;
  return store_.put_account(context.account, account);
}

}  // namespace ledger
