#include "ledger/rules/ledger.h"

#include <array>

#include "ledger/records/fingerprint.h"
#include "ledger/rules/person_events.h"
#include "ledger/values/assert.h"

namespace ledger {
namespace {

/// A service may lie this much after its receipt: clocks of practices are not exact.
constexpr std::chrono::seconds clock_tolerance = std::chrono::minutes{5};

constexpr PersonId nobody{};

Outcome rejected(Code code) { return {Disposition::rejected, code, {}}; }
Outcome duplicate_of(const Verdict& verdict) {
  return {Disposition::duplicate, Code::none, verdict};
}
Outcome accepted(const Verdict& verdict) { return {Disposition::accepted, Code::none, verdict}; }
Verdict verdict_at(Position position) {
  Verdict verdict;
  verdict.position = position;
  return verdict;
}

}  // namespace

void Ledger::expect(std::span<const Item* const> items) {
  std::array<Lookup, lookups_max> lookups;
  LEDGER_ASSERT(items.size() <= lookups.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = *items[i];
    lookups[i] = {item.fingerprint, item.person, PersonId(), year_of(oslo_date(item.service_time))};
  }
  store_.expect({lookups.data(), items.size()});
}

void Ledger::expect(std::span<const Entry> entries) {
  std::array<Lookup, lookups_max> lookups;
  LEDGER_ASSERT(entries.size() <= lookups.size());
  std::size_t count = 0;
  for (const Entry& any : entries) {
    const ItemEntry* const entry = item_of(any);
    if (entry == nullptr) continue;
    PracticeId practice = entry->item.practice;
    if (!entry->is_new_practice) {
      const auto known = store_.practice_id(entry->practice);
      if (!known) continue;  // of a new practice among these entries, or damage that replay() finds
      practice = known.value();
    }
    lookups[count++] = {fingerprint_of(practice, entry->item.guid), EncryptedNumber(),
                        entry->person, year_of(oslo_date(entry->item.service_time))};
  }
  store_.expect({lookups.data(), count});
}

// ---- items ----

Result<Outcome> Ledger::process(const Item& item, Position position, ItemEntry& entry) {
  auto known = store_.find_registration(item.fingerprint);
  if (!known) return known.error();
  const Registration* registration = known.value() ? &*known.value() : nullptr;
  events_.clear();
  entry.item = item;
  entry.is_new_person = false;
  entry.is_new_practice = false;
  if (item.type == ItemType::payment) return confirm_payment(item, registration, position, entry);
  if (item.type == ItemType::credit_note) return credit(item, registration, position, entry);
  if (registration == nullptr) return register_copayment(item, position, entry);
  return repeat(item, *registration);
}

/// The person is compared by whom the numbers lead to now, and not at all when the item was sent
/// while the person was opted out.
Result<Outcome> Ledger::repeat(const Item& item, const Registration& registration) {
  if (registration.content_hash != item.content_hash) return rejected(Code::content_conflict);
  if (registration.person == nobody) return duplicate_of(registration.reported);
  const auto person = store_.find_person(item.person);
  if (!person) return person.error();
  const auto original = person_now(registration.person);
  if (!original) return original.error();
  const bool is_same = person.value() == original.value();
  return is_same ? duplicate_of(registration.reported) : rejected(Code::content_conflict);
}

Result<PersonId> Ledger::person_now(PersonId person) {
  while (store_.brief(person).is_merged) {
    const auto merged = store_.load_person(person);
    if (!merged) return merged.error();
    // To a lower one each time, so it ends.
    if (merged.value().merged_into >= person) return Errc::corrupt_record;
    person = merged.value().merged_into;
  }
  return person;
}

Code Ledger::check_copayment(const Item& item, Date service, Date received) const {
  if (!rules_.ceiling_of(year_of(service))) return Code::no_rules_for_year;
  if (item.service_time > item.received + clock_tolerance) return Code::future_service_time;
  if (received > last_day_to_report(service)) return Code::time_barred;
  return Code::none;
}

/// By the registry of practices, where it is in force.
Result<Code> Ledger::check_practice(const Item& item, Date service) {
  if (!settings_.are_practices_required) return Code::none;
  const auto practice = store_.find_practice(item.practice);
  if (!practice) return practice.error();
  const RegisteredPractice* const registered =
      practice.value() ? store_.registered(*practice.value()) : nullptr;
  if (registered == nullptr) return Code::unknown_practice;
  return covers(registered->event.agreements, service) ? Code::none : Code::no_agreement;
}

Result<bool> Ledger::has_card(PersonId person, int year) {
  const auto loaded = store_.load_account({person, year}, account_);
  if (!loaded) return loaded.error();
  return account_.card.has_value();
}

Result<Outcome> Ledger::register_copayment(const Item& item, Position position, ItemEntry& entry) {
  const Date service = oslo_date(item.service_time);
  const Date received = oslo_date(item.received);
  const auto practice_refusal = check_practice(item, service);
  if (!practice_refusal) return practice_refusal.error();
  if (practice_refusal.value() != Code::none) return rejected(practice_refusal.value());
  const Code refusal = check_copayment(item, service, received);
  if (refusal != Code::none) return rejected(refusal);

  const auto known_person = store_.find_person(item.person);
  if (!known_person) return known_person.error();
  const bool is_opted_out =
      known_person.value() && store_.brief(*known_person.value()).is_opted_out;
  if (item.exemption == exemption_by_card) {
    if (!known_person.value() || is_opted_out) return rejected(Code::no_card_registered);
    const auto has = has_card(*known_person.value(), year_of(service));
    if (!has) return has.error();
    if (!has.value()) return rejected(Code::no_card_registered);
  }

  const auto has_practice = introduce_practice(item.practice, entry);
  if (!has_practice) return has_practice.error();
  if (!has_practice.value()) return rejected(Code::unknown_practice);
  // From here on the item is accepted.
  if (is_opted_out) {
    entry.person = nobody;
  } else if (known_person.value()) {
    entry.person = *known_person.value();
  } else {
    const auto added = store_.add_person(item.person);
    if (!added) return added.error();
    entry.person = added.value();
    entry.is_new_person = true;
  }
  return accept_copayment(item, position, entry);
}

Result<Outcome> Ledger::accept_copayment(const Item& item, Position position, ItemEntry& entry) {
  const Date service = oslo_date(item.service_time);
  const auto posted = post_new(item, position, entry);
  if (!posted) return posted.error();
  const auto put = store_.put_registration(item.fingerprint, nullptr, posted.value());
  if (!put) return put.error();
  if (!item.is_paid) {
    const auto added =
        store_.add_unpaid({entry.practice, service, position},
                          {position, item.guid, item.service_time, item.received, item.amount});
    if (!added) return added.error();
  }
  const auto recorded = store_.record_lag(entry.practice, service, oslo_date(item.received));
  if (!recorded) return recorded.error();
  return accepted(entry.verdict);
}

/// The registration of a co-payment, after it has been posted to its person's account.
Result<Registration> Ledger::post_new(const Item& item, Position position, ItemEntry& entry) {
  const Date service = oslo_date(item.service_time);
  Registration registration;
  if (entry.person == nobody) {
    registration.content_hash = item.content_hash;
    registration.amount = item.amount;
    registration.service_date = service;
    registration.is_paid = item.is_paid;
    registration.reported = verdict_alone(position, registration);
    entry.previous = Position();
    entry.verdict = registration.reported;
    return registration;
  }
  const AccountKey key{entry.person, year_of(service)};
  const auto context = load(key, position, item.received);
  if (!context) return context.error();
  entry.previous = account_.newest;
  entry.verdict = post_copayment(item, context.value(), registration, account_, events_);
  if (const auto put = store_.put_account(key, account_); !put) return put.error();
  if (const auto told = store_.record_events(events_); !told) return told.error();
  return registration;
}

Result<Outcome> Ledger::confirm_payment(const Item& item, const Registration* known,
                                        Position position, ItemEntry& entry) {
  if (known == nullptr) return rejected(Code::unknown_original);
  if (known->payment.is_given()) return duplicate_of(known->payment);
  if (known->is_credited) return rejected(Code::original_credited);

  return follow_up(item, *known, position, entry);
}

Result<Outcome> Ledger::credit(const Item& item, const Registration* known, Position position,
                               ItemEntry& entry) {
  if (known == nullptr) return rejected(Code::unknown_original);
  if (known->credit_note.is_given()) return duplicate_of(known->credit_note);
  if (oslo_date(item.received) > last_day_to_credit(known->service_date)) {
    return rejected(Code::too_old_to_credit);
  }

  return follow_up(item, *known, position, entry);
}

Result<Outcome> Ledger::follow_up(const Item& item, const Registration& known, Position position,
                                  ItemEntry& entry) {
  // The co-payment has made it known.
  const auto practice = store_.find_practice(item.practice);
  if (!practice) return practice.error();
  if (!practice.value()) return Errc::corrupt_record;
  entry.practice = *practice.value();
  Registration registration = known;
  const auto posted = post_follow_up(item, position, registration, entry);
  if (!posted) return posted.error();
  const auto put = store_.put_registration(item.fingerprint, &known, registration);
  if (!put) return put.error();
  if (!known.is_paid && !known.is_credited) {
    const auto removed =
        store_.remove_unpaid({entry.practice, known.service_date, known.reported.position});
    if (!removed) return removed.error();
  }
  return accepted(entry.verdict);
}

/// Where the registration is nobody's, or its person is opted out, no account learns of it.
Result<void> Ledger::post_follow_up(const Item& item, Position position, Registration& registration,
                                    ItemEntry& entry) {
  const bool is_payment = item.type == ItemType::payment;
  const auto person = person_now(registration.person);
  if (!person) return person.error();
  if (person.value() == nobody || store_.brief(person.value()).is_opted_out) {
    (is_payment ? registration.is_paid : registration.is_credited) = true;
    Verdict& verdict = is_payment ? registration.payment : registration.credit_note;
    verdict = verdict_alone(position, registration);
    entry.person = nobody;
    entry.previous = Position();
    entry.verdict = verdict;
    return ok();
  }
  const AccountKey key{person.value(), year_of(registration.service_date)};
  const auto context = load(key, position, item.received);
  if (!context) return context.error();
  entry.person = key.person;
  entry.previous = account_.newest;
  const auto post = is_payment ? post_payment : post_credit_note;
  entry.verdict = post(context.value(), item.guid, registration, account_, events_);
  if (const auto put = store_.put_account(key, account_); !put) return put;
  return store_.record_events(events_);
}

Result<PostContext> Ledger::load(const AccountKey& key, Position position, Instant received) {
  const auto loaded = store_.load_account(key, account_);
  if (!loaded) return loaded.error();
  const auto ceiling = rules_.ceiling_of(key.year);
  // Years are only ever added to the rules, and nothing is accepted for a year without ceiling.
  LEDGER_ASSERT(ceiling.has_value());
  return PostContext{key,      position,      received,
                     *ceiling, rules_.hash(), store_.brief(key.person).birth_date};
}

template <class AnyEntry>
Result<bool> Ledger::introduce_practice(const PracticeId& id, AnyEntry& entry) {
  const auto practice = store_.find_practice(id);
  if (!practice) return practice.error();
  if (practice.value()) {
    entry.practice = *practice.value();
    return true;
  }
  const auto added = store_.add_practice(id);
  if (!added && added.error() == Errc::overloaded) return false;
  if (!added) return added.error();
  entry.practice = added.value();
  entry.is_new_practice = true;
  return true;
}

// ---- events of the registries ----

/// What an event that is known already is answered; nothing when it is new.
Result<std::optional<Outcome>> Ledger::known_outcome(const Guid& event_id,
                                                     std::uint64_t content_hash) {
  const auto known = store_.find_registry_event(event_id);
  if (!known) return known.error();
  if (!known.value()) return std::optional<Outcome>();
  const KnownEvent& event = *known.value();
  return std::optional(event.content_hash == content_hash ? duplicate_of(verdict_at(event.position))
                                                          : rejected(Code::event_conflict));
}

Result<Outcome> Ledger::process(const PersonEvent& event, Position position, PersonEntry& entry) {
  const auto known = known_outcome(event.event_id, content_hash_of(event));
  if (!known) return known.error();
  if (known.value()) return *known.value();
  entry.event = event;
  entry.position = position;
  entry.person = nobody;
  const auto is_possible = PersonEvents(store_, rules_, log_).find_persons(entry);
  if (!is_possible) return is_possible.error();
  if (!is_possible.value()) return rejected(Code::invalid_person_id);
  const auto applied = apply_event(entry);
  if (!applied) return applied.error();
  return accepted(verdict_at(position));
}

Result<void> Ledger::apply_event(PersonEntry& entry) {
  events_.clear();
  const auto applied = PersonEvents(store_, rules_, log_).apply(entry, events_);
  if (!applied) return applied;
  const auto told = store_.record_events(events_);
  if (!told) return told;
  return store_.put_registry_event(entry.event.event_id,
                                   {entry.position, content_hash_of(entry.event)});
}

Result<Outcome> Ledger::process(const PracticeEvent& event, Position position,
                                PracticeEntry& entry) {
  const auto known = known_outcome(event.event_id, content_hash_of(event));
  if (!known) return known.error();
  if (known.value()) return *known.value();
  entry.event = event;
  entry.position = position;
  entry.is_new_practice = false;
  const auto has_practice = introduce_practice(event.practice, entry);
  if (!has_practice) return has_practice.error();
  if (!has_practice.value()) return rejected(Code::unknown_practice);
  const auto applied = apply_event(entry);
  if (!applied) return applied.error();
  return accepted(verdict_at(position));
}

Result<void> Ledger::apply_event(PracticeEntry& entry) {
  const RegisteredPractice* const before = store_.registered(entry.practice);
  entry.previous = before == nullptr ? Position() : before->position;
  const auto put = store_.put_registered(entry.practice, {entry.event, entry.position});
  if (!put) return put;
  return store_.put_registry_event(entry.event.event_id,
                                   {entry.position, content_hash_of(entry.event)});
}

// ---- replay ----

Result<void> Ledger::replay(const Entry& entry) {
  return std::visit([this](const auto& kind) { return replay_kind(kind); }, entry);
}

Result<void> Ledger::replay_kind(ItemEntry entry) {
  const ItemEntry journaled = entry;
  if (!entry.is_new_practice) {
    const auto practice = store_.practice_id(entry.practice);
    if (!practice) return practice.error();
    entry.item.practice = practice.value();
  }
  identify(entry.item);
  events_.clear();
  const auto known = store_.find_registration(entry.item.fingerprint);
  if (!known) return known.error();
  const Registration* const registration = known.value() ? &*known.value() : nullptr;
  const Position position = journaled.verdict.position;
  const Item item = entry.item;
  Result<Outcome> outcome = Outcome{};
  switch (item.type) {
    case ItemType::copayment:
      outcome = replay_copayment(entry, registration);
      break;
    case ItemType::payment:
      outcome = confirm_payment(item, registration, position, entry);
      break;
    case ItemType::credit_note:
      outcome = credit(item, registration, position, entry);
      break;
  }
  if (!outcome) return outcome.error();
  const bool is_same = outcome.value().disposition == Disposition::accepted &&
                       entry.verdict == journaled.verdict && entry.person == journaled.person &&
                       entry.practice == journaled.practice && entry.previous == journaled.previous;
  return is_same ? ok() : Result<void>(Errc::corrupt_record);
}

Result<Outcome> Ledger::replay_copayment(ItemEntry& entry, const Registration* known) {
  if (known != nullptr) return Errc::corrupt_record;  // twice the same
  const Item item = entry.item;
  const auto has_practice = introduce_practice(item.practice, entry);
  if (!has_practice) return has_practice.error();
  if (!has_practice.value()) return Errc::overloaded;
  if (entry.is_new_person) {
    const auto added = store_.add_person(item.person);
    if (!added) return added.error();
    if (added.value() != entry.person) return Errc::corrupt_record;
  }
  return accept_copayment(item, entry.verdict.position, entry);
}

/// Numbers that have been erased lead nowhere; then the entry alone says whom it concerns.
Result<void> Ledger::replay_kind(const PersonEntry& journaled) {
  PersonEntry entry = journaled;
  if (!entry.is_erased) {
    const auto is_possible = PersonEvents(store_, rules_, log_).find_persons(entry);
    if (!is_possible) return is_possible.error();
    const bool is_same = is_possible.value() && entry.is_new_person == journaled.is_new_person &&
                         entry.person == journaled.person && entry.other == journaled.other;
    if (!is_same) return Errc::corrupt_record;
  }
  const auto applied = apply_event(entry);
  if (!applied) return applied;
  const bool is_same = entry.previous == journaled.previous &&
                       entry.other_previous == journaled.other_previous &&
                       entry.years == journaled.years && entry.meanwhile == journaled.meanwhile;
  return is_same ? ok() : Result<void>(Errc::corrupt_record);
}

Result<void> Ledger::replay_kind(PracticeEntry entry) {
  const PracticeEntry journaled = entry;
  if (!entry.is_new_practice) {
    const auto practice = store_.practice_id(entry.practice);
    if (!practice) return practice.error();
    entry.event.practice = practice.value();
  }
  entry.is_new_practice = false;
  const auto has_practice = introduce_practice(entry.event.practice, entry);
  if (!has_practice) return has_practice.error();
  if (!has_practice.value()) return Errc::overloaded;
  const auto applied = apply_event(entry);
  if (!applied) return applied;
  const bool is_same = entry.practice == journaled.practice &&
                       entry.is_new_practice == journaled.is_new_practice &&
                       entry.previous == journaled.previous;
  return is_same ? ok() : Result<void>(Errc::corrupt_record);
}

Result<void> Ledger::replay_kind(const CheckpointEntry& entry) {
  const auto checksum = store_.checksum();
  const bool is_same = !checksum || *checksum == entry.checksum;
  return is_same ? ok() : Result<void>(Errc::corrupt_record);
}

}  // namespace ledger
